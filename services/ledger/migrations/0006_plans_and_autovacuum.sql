-- Each statement of the service has one plan, whatever the statistics say. While a table looks empty all indexes seem to
-- cost the same, also one of which the statement knows only a later column, so that each index but the primary key serves
-- only statements about its own columns: PostgreSQL uses a partial index where the statement implies its condition, and
-- any comparison of a column implies that it isn't NULL. docs/database.md says more.

-- Only for the memberships of a user. The columns are those of the primary key, so that the statement says the condition.
DROP INDEX member_ids_by_user;
CREATE INDEX member_ids_by_user ON member_ids (user_id, program_id) WHERE user_id <> '';

-- In the order of the list.
DROP INDEX refunds_waiting;
CREATE INDEX refunds_waiting ON refunds (program_id, transaction_id, refund_id) WHERE state = 'WAITING';

ALTER TABLE redemptions DROP CONSTRAINT redemptions_idempotency_key;
CREATE UNIQUE INDEX redemptions_idempotency_key ON redemptions (membership_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;

DROP INDEX redemptions_by_sequence;
CREATE INDEX redemptions_by_sequence ON redemptions (membership_id, sequence) WHERE sequence IS NOT NULL;

DROP INDEX redemptions_open_holds;
CREATE INDEX redemptions_open_holds ON redemptions (program_id, hold_expires_at, redemption_id)
  WHERE state = 'RESERVED' AND program_id IS NOT NULL;

DROP INDEX dead_letters_due;
CREATE INDEX dead_letters_due ON dead_letters (retry_at) WHERE state = 'WAITING' AND retry_at IS NOT NULL;

-- For the lists of operators, of all programs and of some.
CREATE INDEX dead_letters_by_state ON dead_letters (state, dead_letter_id) WHERE state IS NOT NULL;
CREATE INDEX dead_letters_by_program ON dead_letters (program_id, state, dead_letter_id)
  WHERE program_id IS NOT NULL;

-- After the one by program: of two that seem to cost the same, PostgreSQL takes the newer.
DROP INDEX dead_letters_by_transaction;
CREATE INDEX dead_letters_by_transaction ON dead_letters (program_id, transaction_id)
  WHERE transaction_id IS NOT NULL;

-- By default a table is vacuumed when a fifth of its rows are dead and analyzed when a tenth are new, which comes seldom
-- and then takes long where there are a hundred million. No plan of the service waits for it, but indexes do: every end
-- of a hold, every new due time and every emptied lot leaves an entry that scans pass until the next vacuum.
ALTER TABLE memberships SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE lots SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE redemptions SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE cap_usage SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE reward_usage SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- Only grow, but for refunds. A vacuum reads the pages that are new since the last, to mark them visible to all and to
-- freeze them before they have to be: often a little, instead of seldom a fifth of the table.
ALTER TABLE earns SET (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.02
);
ALTER TABLE entries SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE allocations SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- A queue: every row dies a moment after it was written, and whoever looks for the oldest passes all that died since the
-- last vacuum, 56 pages of index after 20,000. So it comes as soon as there are a thousand, however many rows are waiting,
-- and doesn't pause. It leaves the file as long as it is: to shorten it takes a lock that every commit waits for.
ALTER TABLE outbox SET (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
  vacuum_truncate = off
);
