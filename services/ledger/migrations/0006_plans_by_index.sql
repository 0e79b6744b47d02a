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
