-- Each batch is written once, read once and deleted, all within milliseconds: it isn't worth being compressed.
ALTER TABLE outbox ALTER COLUMN batch SET STORAGE EXTERNAL;
