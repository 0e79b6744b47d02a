-- readable since 0001
-- The ledger's tables. Those of a member have membership_id first in their key; earns and refunds have the key of their
-- purchase. There are no foreign keys: one commit writes these tables together, and `loyalty verify` checks that they are
-- consistent.
--
-- Points are bigint. Ids compare byte by byte, in any locale. The end of time is infinity and the beginning -infinity,
-- so keys have no NULLs.
--
-- Each statement of the service has one plan, whatever the statistics say. While a table looks empty all indexes seem to
-- cost the same, even one that matches the statement only in a later column. So each index but the primary key serves only
-- statements about its own columns: PostgreSQL uses a partial index where the statement implies its condition, and any
-- comparison of a column implies that it isn't NULL. docs/database.md says more.

-- Ids are unique over all cells: cell k draws k + 1024 × n, with n from 1. These are the sequences of cell 0; the first
-- start of a ledger of another cell moves them.
CREATE SEQUENCE membership_ids AS bigint INCREMENT BY 1024 START WITH 1024;

-- Which membership a user of a program has. A row never changes, so processes may remember it.
CREATE TABLE member_ids (
  program_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  membership_id bigint NOT NULL,
  CONSTRAINT member_ids_pkey PRIMARY KEY (program_id, user_id)
);

-- Only for the memberships of a user. The columns are those of the primary key, so that the statement says the condition.
CREATE INDEX member_ids_by_user ON member_ids (user_id, program_id) WHERE user_id <> '';

-- One row a membership: the row that every change of its points locks first.
CREATE TABLE memberships (
  membership_id bigint NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  state text NOT NULL,
  -- Kept after leaving: a user who comes back is still suspended.
  suspended boolean NOT NULL,
  attributes jsonb NOT NULL,
  join_time timestamptz NOT NULL,
  -- The number and time of the newest entry. Lots that mature at or before that time count as available.
  last_sequence bigint NOT NULL,
  last_entry_time timestamptz NOT NULL,
  available bigint NOT NULL,
  pending bigint NOT NULL,
  reserved bigint NOT NULL,
  deficit bigint NOT NULL,
  lifetime_earned bigint NOT NULL,
  lifetime_redeemed bigint NOT NULL,
  lifetime_expired bigint NOT NULL,
  -- When all lots of class INACTIVITY expire; infinity while there is no such policy.
  inactivity_expires_at timestamptz NOT NULL,
  -- When the next entry is due: maturity, expiry or the end of a hold.
  next_due_at timestamptz NOT NULL,
  -- The running minutes of the velocity limits.
  earn_window_start timestamptz NOT NULL,
  earn_window_count integer NOT NULL,
  redemption_window_start timestamptz NOT NULL,
  redemption_window_count integer NOT NULL,
  -- How often the attributes have changed.
  attributes_revision bigint NOT NULL DEFAULT 0,
  CONSTRAINT memberships_pkey PRIMARY KEY (membership_id),
  CONSTRAINT memberships_state CHECK (state IN ('ACTIVE', 'SUSPENDED', 'LEFT')),
  CONSTRAINT memberships_not_negative CHECK (
    available >= 0 AND pending >= 0 AND reserved >= 0 AND deficit >= 0
  ),
  CONSTRAINT memberships_deficit_first CHECK (deficit = 0 OR available = 0)
) WITH (fillfactor = 70); -- room for the next versions of a row on its own page (HOT updates)

-- With the id, so that notices can go on from a member: for many the same date is the next.
CREATE INDEX memberships_due ON memberships (next_due_at, membership_id) WHERE next_due_at < 'infinity';

-- For lists of members by what is known about them. A purchase changes none of these columns.
CREATE INDEX memberships_by_state ON memberships (program_id, state, user_id) WHERE program_id <> '';
CREATE INDEX memberships_by_join_time ON memberships (program_id, state, join_time, user_id)
  WHERE join_time IS NOT NULL;

-- Which members have an attribute: a row for each of memberships.attributes, written with it, the state and the join time.
CREATE TABLE member_attributes (
  membership_id bigint NOT NULL,
  key text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  state text NOT NULL,
  join_time timestamptz NOT NULL,
  CONSTRAINT member_attributes_pkey PRIMARY KEY (membership_id, key)
);

CREATE INDEX member_attributes_by_user ON member_attributes (program_id, key, value, state, user_id)
  WHERE program_id <> '';
CREATE INDEX member_attributes_by_join_time ON member_attributes (program_id, key, value, state, join_time, user_id)
  WHERE join_time IS NOT NULL;

-- Points of a membership that mature and expire together.
CREATE TABLE lots (
  membership_id bigint NOT NULL,
  available_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  class text NOT NULL,
  remaining bigint NOT NULL,
  CONSTRAINT lots_pkey PRIMARY KEY (membership_id, available_at, expires_at, class),
  CONSTRAINT lots_class CHECK (class IN ('NORMAL', 'INACTIVITY', 'GRACE')),
  CONSTRAINT lots_not_negative CHECK (remaining >= 0)
) WITH (fillfactor = 70);

-- What a lot lost by expiry or forfeiture, by the entry that lost it: a refund counts only what was lost after its purchase.
-- Kept apart, so that a balance never reads the lots of the past.
CREATE TABLE lapsed_lots (
  membership_id bigint NOT NULL,
  available_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  class text NOT NULL,
  lapsed bigint NOT NULL,
  -- How much of it refunds have counted already.
  lapsed_refunded bigint NOT NULL,
  sequence bigint NOT NULL,
  CONSTRAINT lapsed_lots_pkey PRIMARY KEY (membership_id, available_at, expires_at, class, sequence),
  CONSTRAINT lapsed_lots_bounds CHECK (lapsed_refunded BETWEEN 0 AND lapsed)
);

-- The one credit of a transaction, and the proof that it was given. Rows are never deleted. A refund that comes before its
-- transaction makes the row, in state AWAITED, with its key and nothing else.
CREATE TABLE earns (
  program_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  state text NOT NULL,
  membership_id bigint,
  -- The number of the membership's entry that credited it.
  sequence bigint,
  fingerprint bytea,
  rule_set_version integer,
  -- What the rules asked about the member when they were evaluated; NULL where they asked nothing.
  facts jsonb,
  points bigint,
  reversed_points bigint,
  explanation jsonb,
  -- The lot that the points went to.
  available_at timestamptz,
  expires_at timestamptz,
  lot_class text,
  post_time timestamptz,
  -- The transaction as it was sent, protobuf.
  transaction bytea,
  -- By which engine it was decided, so that it can be derived again.
  semantics smallint,
  -- What it counts of each cap, by rule id: a refund takes off what is less than that, and never adds. NULL where it counted
  -- nothing.
  cap_counts jsonb,
  CONSTRAINT earns_pkey PRIMARY KEY (program_id, transaction_id),
  CONSTRAINT earns_state CHECK (
    CASE state
      WHEN 'AWAITED' THEN membership_id IS NULL
      WHEN 'POSTED' THEN num_nulls(
        membership_id, sequence, fingerprint, rule_set_version, semantics, points, reversed_points,
        explanation, available_at, expires_at, lot_class, post_time, transaction
      ) = 0
      WHEN 'REVERSED' THEN membership_id IS NOT NULL
      ELSE false
    END
  ),
  CONSTRAINT earns_points CHECK (reversed_points BETWEEN 0 AND points)
);

-- A program's earns by time. The purchases of one commit have the same time, and an index keeps equal keys once.
CREATE INDEX earns_by_time ON earns (program_id, post_time) WHERE post_time IS NOT NULL;
-- Few, and a purchase is never one of them when it is credited.
CREATE INDEX earns_reversed ON earns (program_id, post_time) WHERE state = 'REVERSED';

-- A refund of a transaction, applied or waiting for it.
CREATE TABLE refunds (
  program_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  refund_id text COLLATE "C" NOT NULL,
  state text NOT NULL,
  fingerprint bytea NOT NULL,
  -- How much of the transaction it gives back.
  extent jsonb NOT NULL,
  points bigint NOT NULL,
  taken bigint NOT NULL,
  lapsed bigint NOT NULL,
  owed bigint NOT NULL,
  forgiven bigint NOT NULL,
  create_time timestamptz NOT NULL,
  -- Its number among the refunds of its transaction as they arrived, which is the order in which they are applied.
  arrival integer NOT NULL,
  CONSTRAINT refunds_pkey PRIMARY KEY (program_id, transaction_id, refund_id),
  CONSTRAINT refunds_arrival UNIQUE (program_id, transaction_id, arrival),
  CONSTRAINT refunds_state CHECK (state IN ('WAITING', 'APPLIED', 'REJECTED', 'CANCELLED')),
  CONSTRAINT refunds_points CHECK (points = taken + lapsed + owed + forgiven)
);

-- In the order of the list.
CREATE INDEX refunds_waiting ON refunds (program_id, transaction_id, refund_id) WHERE state = 'WAITING';

-- The journal. Entries are added, never changed.
CREATE TABLE entries (
  membership_id bigint NOT NULL,
  sequence bigint NOT NULL,
  kind text NOT NULL,
  -- In which form its event is always encoded: what later versions add isn't in it. Between a text of four letters and
  -- a bigint it takes no room of its own.
  event_version smallint NOT NULL,
  available bigint NOT NULL,
  pending bigint NOT NULL,
  reserved bigint NOT NULL,
  deficit bigint NOT NULL,
  -- The available points after it.
  balance_after bigint NOT NULL,
  transaction_id text,
  redemption_id text,
  refund_id text,
  reason text,
  actor text NOT NULL,
  request_id text NOT NULL,
  create_time timestamptz NOT NULL,
  -- What an entry changes of a membership besides its points, so that this can be derived from the journal, too. An earn that
  -- changes none of it pays nothing: these are NULL, and the header of an entry has room for their bits.
  -- All attributes before and after the entry, where it changed any: UPDATED, and JOINED where it sets some.
  attributes_before jsonb,
  attributes_after jsonb,
  -- When the user joined; of JOINED.
  join_time timestamptz,
  -- The new date of the INACTIVITY lots, where the entry moved it.
  inactivity_expires_at timestamptz,
  -- What an adjustment says to the member, beside the reason, which is internal. NULL for every other kind of entry.
  note text,
  -- For a program's entries by time. NULL for EARN: those are found by their earns, so that a purchase pays for no column
  -- and no second index.
  program_id text COLLATE "C",
  -- The other points after it; NULL for 0, so that most entries don't pay for them.
  pending_after bigint,
  reserved_after bigint,
  deficit_after bigint,
  -- The date of the INACTIVITY lots that it moves points of, where it doesn't move that date itself: later entries do.
  lots_expire_at timestamptz,
  CONSTRAINT entries_pkey PRIMARY KEY (membership_id, sequence),
  CONSTRAINT entries_attributes CHECK (num_nulls(attributes_before, attributes_after) <> 1)
);

-- The entries of one kind among a member's tens of thousands. Without the earns, which are most of them and would pay for
-- it with each purchase.
CREATE INDEX entries_by_kind ON entries (membership_id, kind, sequence) WHERE kind <> 'EARN';
CREATE INDEX entries_of_program ON entries (program_id, kind, create_time, membership_id, sequence)
  WHERE program_id IS NOT NULL;

-- How much an entry took from a lot or gave to it, where the earn alone doesn't tell.
CREATE TABLE allocations (
  membership_id bigint NOT NULL,
  sequence bigint NOT NULL,
  available_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  class text NOT NULL,
  points bigint NOT NULL,
  CONSTRAINT allocations_pkey PRIMARY KEY (membership_id, sequence, available_at, expires_at, class)
);

CREATE TABLE redemptions (
  membership_id bigint NOT NULL,
  redemption_id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  idempotency_key text COLLATE "C" NOT NULL,
  fingerprint bytea NOT NULL,
  -- The number of the membership's entry that made it; the order of a list.
  sequence bigint NOT NULL,
  reward_id text COLLATE "C" NOT NULL,
  -- What was asked for, and what of it stands once a part was captured.
  asked_quantity integer NOT NULL,
  asked_points bigint NOT NULL,
  quantity integer NOT NULL,
  points bigint NOT NULL,
  reversed_points bigint NOT NULL,
  state text NOT NULL,
  -- Which lots the points came from, in the order in which they were taken, and what came back of them.
  parts jsonb NOT NULL,
  reference text NOT NULL,
  value_currency_code text,
  value_minor_units bigint,
  create_time timestamptz NOT NULL,
  hold_expires_at timestamptz,
  -- Who made it: a member cancels only their own.
  made_by_member boolean NOT NULL,
  refusal_reason text,
  refusal_metadata jsonb,
  -- Whether it counts against the reward's stock, and in which period against the member's limit.
  stock_taken boolean NOT NULL,
  usage_period text,
  usage_period_start timestamptz,
  -- The rate of a conversion, so that a part of it is worth exactly what its points are worth: the value of the whole is
  -- rounded. NULL for rewards with a fixed price.
  rate_points bigint,
  rate_minor_units bigint,
  -- The reward's name when it was redeemed: an operator may give the reward another one, or another reward the old one.
  reward_display_name text NOT NULL,
  CONSTRAINT redemptions_pkey PRIMARY KEY (membership_id, redemption_id),
  CONSTRAINT redemptions_state CHECK (
    state IN ('RESERVED', 'CAPTURED', 'CANCELLED', 'EXPIRED', 'REVERSED', 'REJECTED')
  ),
  CONSTRAINT redemptions_points CHECK (points >= 0 AND reversed_points BETWEEN 0 AND points)
);

CREATE UNIQUE INDEX redemptions_idempotency_key ON redemptions (membership_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX redemptions_by_sequence ON redemptions (membership_id, sequence) WHERE sequence IS NOT NULL;
CREATE INDEX redemptions_reserved ON redemptions (membership_id) WHERE state = 'RESERVED';
-- The open holds of a program, in the order in which they end: operators list them, and a program with any can't be archived.
CREATE INDEX redemptions_open_holds ON redemptions (program_id, hold_expires_at, redemption_id)
  WHERE state = 'RESERVED' AND program_id IS NOT NULL;
-- A program's redemptions by time. Each condition is one that only the statement for the index says.
CREATE INDEX redemptions_by_state ON redemptions (program_id, state, create_time, membership_id, sequence)
  WHERE program_id <> '';
CREATE INDEX redemptions_by_reward ON redemptions (program_id, reward_id, state, create_time, membership_id, sequence)
  WHERE reward_id <> '';
CREATE INDEX redemptions_by_reference ON redemptions (program_id, reference, create_time, membership_id, sequence)
  WHERE reference <> '';

-- The idempotency record of adjustments and reversals. Rows are never deleted.
CREATE TABLE requests (
  membership_id bigint NOT NULL,
  kind text NOT NULL,
  idempotency_key text COLLATE "C" NOT NULL,
  fingerprint bytea NOT NULL,
  -- The number of the entry that it led to.
  sequence bigint NOT NULL,
  CONSTRAINT requests_pkey PRIMARY KEY (membership_id, kind, idempotency_key),
  CONSTRAINT requests_kind CHECK (kind IN ('ADJUST', 'REVERSE'))
);

-- How many of a reward are taken; a row only for rewards with a limited stock.
CREATE TABLE reward_stock (
  program_id text COLLATE "C" NOT NULL,
  reward_id text COLLATE "C" NOT NULL,
  taken bigint NOT NULL,
  CONSTRAINT reward_stock_pkey PRIMARY KEY (program_id, reward_id),
  CONSTRAINT reward_stock_not_negative CHECK (taken >= 0)
);

-- How many of a reward a member had in a period; a row only for rewards with a limit for members.
CREATE TABLE reward_usage (
  membership_id bigint NOT NULL,
  reward_id text COLLATE "C" NOT NULL,
  period text NOT NULL,
  period_start timestamptz NOT NULL,
  taken bigint NOT NULL,
  CONSTRAINT reward_usage_pkey PRIMARY KEY (membership_id, reward_id, period, period_start),
  CONSTRAINT reward_usage_not_negative CHECK (taken >= 0)
);

-- How many points a capped rule gave a member in a period.
CREATE TABLE cap_usage (
  membership_id bigint NOT NULL,
  rule_id text NOT NULL,
  period text NOT NULL,
  period_start timestamptz NOT NULL,
  points bigint NOT NULL,
  CONSTRAINT cap_usage_pkey PRIMARY KEY (membership_id, rule_id, period, period_start),
  CONSTRAINT cap_usage_not_negative CHECK (points >= 0)
);

-- The last known definition of a program: a GetProgramSnapshotResponse, protobuf.
CREATE TABLE program_snapshots (
  program_id text COLLATE "C" NOT NULL,
  revision bigint NOT NULL,
  snapshot bytea NOT NULL,
  update_time timestamptz NOT NULL,
  -- In which history of the Programs service's database the revision counts: that of a restored one starts over from an
  -- earlier revision.
  epoch text NOT NULL,
  -- The most days before a date of points that the program wants notices; 0 for none.
  notice_days integer NOT NULL DEFAULT 0,
  CONSTRAINT program_snapshots_pkey PRIMARY KEY (program_id)
);

CREATE INDEX program_snapshots_notice_days ON program_snapshots (notice_days) WHERE notice_days > 0;

-- Which dates of points have been announced before they came, so that none is twice. Rows are never deleted.
CREATE TABLE notices (
  membership_id bigint NOT NULL,
  kind text NOT NULL,
  notice_date date NOT NULL,
  give_time timestamptz NOT NULL,
  CONSTRAINT notices_pkey PRIMARY KEY (membership_id, kind, notice_date),
  CONSTRAINT notices_kind CHECK (kind IN ('EXPIRING', 'MATURING'))
);

-- How the rules of a version were called when it first gave points. Rows are never changed or deleted: events have these names.
CREATE TABLE rule_names (
  program_id text COLLATE "C" NOT NULL,
  rule_set_version integer NOT NULL,
  -- By rule id.
  names jsonb NOT NULL,
  CONSTRAINT rule_names_pkey PRIMARY KEY (program_id, rule_set_version)
);

-- One row a commit: which entries it has to announce, an OutboxEntries, whose events follow from what is stored of them; or
-- events that follow from no entry, an OutboxBatch. Both are protobuf. A row of entries is leased to the process that commits
-- it at first.
CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY,
  entries bytea,
  batch bytea,
  leased_until timestamptz NOT NULL DEFAULT '-infinity',
  create_time timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT outbox_pkey PRIMARY KEY (id),
  CONSTRAINT outbox_content CHECK (num_nulls(entries, batch) = 1)
);

-- Messages that couldn't be applied. What was decided about them stays for a while, to show who did so and why.
CREATE TABLE dead_letters (
  -- As those of memberships.
  dead_letter_id bigint GENERATED ALWAYS AS IDENTITY (INCREMENT BY 1024 START WITH 1024),
  state text NOT NULL,
  -- Its number in the stream and when the stream stored it: a message that is delivered twice is kept once, and
  -- one of a stream that was made anew is another.
  stream_sequence bigint NOT NULL,
  stream_time timestamptz NOT NULL,
  subject text NOT NULL,
  content_type text NOT NULL,
  payload bytea NOT NULL,
  -- Who and what it is put down to once it is applied.
  actor text NOT NULL,
  request_id text NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  refund_id text COLLATE "C" NOT NULL,
  reason text NOT NULL,
  detail text NOT NULL,
  attempts integer NOT NULL,
  retry_at timestamptz NOT NULL,
  create_time timestamptz NOT NULL,
  -- The call that replayed or discarded it.
  decide_time timestamptz,
  decide_actor text,
  decide_request_id text,
  decide_why text,
  CONSTRAINT dead_letters_pkey PRIMARY KEY (dead_letter_id),
  CONSTRAINT dead_letters_message UNIQUE (stream_sequence, stream_time),
  CONSTRAINT dead_letters_state CHECK (state IN ('WAITING', 'DEAD', 'REPLAYED', 'DISCARDED')),
  CONSTRAINT dead_letters_decision CHECK (
    num_nulls(decide_time, decide_actor, decide_request_id, decide_why)
      = CASE WHEN state IN ('REPLAYED', 'DISCARDED') THEN 0 ELSE 4 END
  )
);

CREATE INDEX dead_letters_due ON dead_letters (retry_at) WHERE state = 'WAITING' AND retry_at IS NOT NULL;
-- For the lists of operators, of all programs and of some. The first also counts how many there are for each reason.
CREATE INDEX dead_letters_by_state ON dead_letters (state, dead_letter_id) INCLUDE (reason) WHERE state IS NOT NULL;
CREATE INDEX dead_letters_by_program ON dead_letters (program_id, state, dead_letter_id)
  WHERE program_id IS NOT NULL;
-- For the lists by reason.
CREATE INDEX dead_letters_by_reason ON dead_letters (state, reason, dead_letter_id) WHERE reason IS NOT NULL;
CREATE INDEX dead_letters_by_program_and_reason ON dead_letters (program_id, state, reason, dead_letter_id)
  WHERE reason IS NOT NULL;
CREATE INDEX dead_letters_decided ON dead_letters (decide_time) WHERE decide_time IS NOT NULL;
-- After the one by program: of two that seem to cost the same, PostgreSQL takes the newer.
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
-- freeze them before they have to be: often a little, instead of seldom a fifth of the table. To analyze one takes 30,000
-- rows, half a second of CPU time, and at 2 % came every minute: 3 µs of each of 3,400 purchases a second, as much as a
-- statement. No plan of the service needs it, and PostgreSQL sees how many rows there are by the size of the file.
ALTER TABLE earns SET (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.5
);
ALTER TABLE entries SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.5);
ALTER TABLE allocations SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.5);

-- A queue: every row dies a moment after it was written, and a look for the oldest passes all that died since the last
-- vacuum, 56 pages of index after 20,000. So it comes as soon as there are a thousand, however many rows are waiting,
-- and doesn't pause. It leaves the file as long as it is: to shorten it takes a lock that every commit waits for.
ALTER TABLE outbox SET (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
  vacuum_truncate = off
);

-- The role that the service uses; the login that migrates owns the tables. Roles belong to the cluster, so it may exist
-- already, created for another database, or by an operator if logins can't create roles.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ledger_app') THEN
    CREATE ROLE ledger_app NOLOGIN;
  END IF;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL; -- another database's migration was quicker
  WHEN insufficient_privilege THEN
    RAISE insufficient_privilege USING
      MESSAGE = format('%I may not create the role ledger_app, which the ledger works in', current_user),
      HINT = format('As a superuser: CREATE ROLE ledger_app NOLOGIN; GRANT ledger_app TO %I;', current_user);
END $$;

DO $$
BEGIN
  -- What it takes to SET ROLE became a privilege of its own in PostgreSQL 16.
  IF NOT pg_has_role(
    'ledger_app',
    CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END
  ) THEN
    GRANT ledger_app TO CURRENT_USER;
  END IF;
EXCEPTION
  WHEN unique_violation THEN NULL;
  WHEN insufficient_privilege THEN
    RAISE insufficient_privilege USING
      MESSAGE = format('%I is not a member of the role ledger_app, which the ledger works in', current_user),
      HINT = format('As a superuser: GRANT ledger_app TO %I;', current_user);
END $$;

GRANT USAGE ON SCHEMA public TO ledger_app;
GRANT USAGE ON SEQUENCE membership_ids TO ledger_app;
-- Facts, which stand once they are written.
GRANT SELECT, INSERT ON entries, allocations, member_ids, requests, rule_names, notices TO ledger_app;
GRANT SELECT, INSERT, UPDATE ON
  memberships, lapsed_lots, earns, refunds, redemptions, reward_stock, reward_usage, cap_usage, program_snapshots
  TO ledger_app;
GRANT SELECT, INSERT, DELETE ON member_attributes TO ledger_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON lots, outbox, dead_letters TO ledger_app;
