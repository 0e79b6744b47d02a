-- readable since 0001
-- Programs, their rule sets and rewards, the audit of every change, and the outbox of program.changed events.
--
-- Every change of a program, a rule set or a reward happens under a lock on the program's row and takes the next
-- revision. `changed_in` is the revision in which a row last changed; etags are made of it.

CREATE TABLE programs (
  program_id text COLLATE "C" NOT NULL,
  display_name text NOT NULL,
  description text NOT NULL,
  unit_singular text NOT NULL,
  unit_plural text NOT NULL,
  state text NOT NULL,
  time_zone text NOT NULL,
  enrollment text NOT NULL,
  earns_per_minute integer NOT NULL,
  redemptions_per_minute integer NOT NULL,
  metadata jsonb NOT NULL,
  -- How many days before a date of a member's points the ledger announces it; 0 for never.
  notice_expiring_days integer NOT NULL,
  notice_maturing_days integer NOT NULL,
  -- The newest revision of any part of the program.
  revision bigint NOT NULL,
  changed_in bigint NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  CONSTRAINT programs_pkey PRIMARY KEY (program_id),
  CONSTRAINT programs_program_id_slug CHECK (program_id ~ '^[a-z][a-z0-9-]{1,48}[a-z0-9]$'),
  CONSTRAINT programs_state_known CHECK (state IN ('DRAFT', 'ACTIVE', 'SUSPENDED', 'ARCHIVED')),
  CONSTRAINT programs_enrollment_known CHECK (enrollment IN ('OPEN', 'AUTO')),
  CONSTRAINT programs_limits_not_negative CHECK (earns_per_minute >= 0 AND redemptions_per_minute >= 0),
  CONSTRAINT programs_notices_bounds CHECK (notice_expiring_days BETWEEN 0 AND 90 AND notice_maturing_days BETWEEN 0 AND 90),
  CONSTRAINT programs_changed_in_reached CHECK (changed_in BETWEEN 1 AND revision)
);

-- A version's state is not stored: it follows from these times, the clock and the other versions.
CREATE TABLE rule_sets (
  program_id text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  -- The rules and policies in protobuf JSON, readable by operators; written only while the version is a draft.
  definition jsonb NOT NULL,
  -- Copied from the program when the version is published.
  time_zone text,
  effective_time timestamptz,
  publish_time timestamptz,
  withdraw_time timestamptz,
  changed_in bigint NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  CONSTRAINT rule_sets_pkey PRIMARY KEY (program_id, version),
  CONSTRAINT rule_sets_program_fkey FOREIGN KEY (program_id) REFERENCES programs (program_id),
  CONSTRAINT rule_sets_version_positive CHECK (version >= 1),
  CONSTRAINT rule_sets_published_whole CHECK (
    (publish_time IS NULL) = (effective_time IS NULL) AND (publish_time IS NULL) = (time_zone IS NULL)
  ),
  CONSTRAINT rule_sets_not_retroactive CHECK (effective_time >= publish_time),
  CONSTRAINT rule_sets_withdrawn_in_time CHECK (withdraw_time < effective_time)
);

-- Finds the version in force at an instant.
CREATE INDEX rule_sets_in_force ON rule_sets (program_id, effective_time DESC, version DESC)
  WHERE effective_time IS NOT NULL AND withdraw_time IS NULL;

CREATE TABLE rewards (
  program_id text COLLATE "C" NOT NULL,
  reward_id text COLLATE "C" NOT NULL,
  state text NOT NULL,
  -- Name, price, limits and condition in protobuf JSON.
  definition jsonb NOT NULL,
  changed_in bigint NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  CONSTRAINT rewards_pkey PRIMARY KEY (program_id, reward_id),
  CONSTRAINT rewards_program_fkey FOREIGN KEY (program_id) REFERENCES programs (program_id),
  CONSTRAINT rewards_state_known CHECK (state IN ('ACTIVE', 'ARCHIVED')),
  CONSTRAINT rewards_one_price CHECK (
    (definition -> 'fixed' IS NULL) <> (definition -> 'conversion' IS NULL)
  )
);

-- Who changed what, and when. Append-only.
CREATE TABLE program_changes (
  program_id text COLLATE "C" NOT NULL,
  revision bigint NOT NULL,
  -- The method that made the change, such as PUBLISH_RULE_SET.
  verb text NOT NULL,
  rule_set_version integer,
  reward_id text,
  -- An array of {field, before, after}; the values are JSON as text.
  fields jsonb NOT NULL,
  -- Role and token subject, such as admin:jane.
  actor text NOT NULL,
  request_id text NOT NULL,
  change_time timestamptz NOT NULL,
  -- Its number among all changes of all programs.
  change_number bigint NOT NULL,
  -- Which version the drafted rule set is a copy of; NULL for every other change.
  copied_from_version integer,
  CONSTRAINT program_changes_pkey PRIMARY KEY (program_id, revision),
  CONSTRAINT program_changes_change_number_key UNIQUE (change_number),
  CONSTRAINT program_changes_program_fkey FOREIGN KEY (program_id) REFERENCES programs (program_id)
);

-- Numbers all changes of all programs, so that the ledger can ask what changed after the last one that it has heard of.
--
-- A change takes its number in its own transaction and keeps this row locked until it commits, so that a reader who sees a
-- number sees all below it. A sequence would hand out numbers in another order than that of the commits, and a reader would
-- pass over those that become visible late.
CREATE TABLE change_number (
  -- Of the newest change.
  n bigint NOT NULL
);

CREATE UNIQUE INDEX change_number_single_row ON change_number ((true));

INSERT INTO change_number VALUES (0);

CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY,
  -- A serialized loyalty.events.v1.OutboxBatch.
  batch bytea NOT NULL,
  -- Until when a relay has taken the row.
  leased_until timestamptz NOT NULL DEFAULT '-infinity',
  create_time timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT outbox_pkey PRIMARY KEY (id)
);
