-- The open holds of a program, those that end first first: operators list them, and a program with any can't be
-- archived. Nobody writes redemptions while it is built. Where there are very many already, make it by hand beforehand,
-- with CREATE INDEX CONCURRENTLY.
CREATE INDEX IF NOT EXISTS redemptions_open_holds
  ON redemptions (program_id, hold_expires_at, redemption_id) WHERE state = 'RESERVED';
