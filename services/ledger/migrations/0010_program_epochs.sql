-- In which history of the Programs service's database the revision counts: that of a restored one starts over from an
-- earlier revision.
ALTER TABLE program_snapshots ADD COLUMN epoch text NOT NULL DEFAULT '';
ALTER TABLE program_snapshots ALTER COLUMN epoch DROP DEFAULT;
