-- readable since 0001
-- Webhooks, what is on its way to them, the replays that were asked for, and the events of webhooks themselves.

CREATE TABLE webhooks (
  webhook_id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  url text NOT NULL,
  description text NOT NULL,
  -- Such as points.earned; all types when empty.
  event_types text[] NOT NULL,
  state text NOT NULL,
  disable_reason text,
  -- As receivers have it: whsec_ and base64. It has to be readable, because every delivery is signed with it.
  secret text NOT NULL,
  previous_secret text,
  -- Deliveries are signed with both secrets before this time.
  previous_secret_until timestamptz,
  -- Since when every delivery has failed; NULL once one succeeds.
  failing_since timestamptz,
  -- Counts the changes of what callers set; etags begin with it.
  revision integer NOT NULL,
  -- When a worker has to look for its deliveries; infinity while none is pending. It may be too early, never too late.
  due_time timestamptz NOT NULL DEFAULT 'infinity',
  -- How many times in a row the endpoint couldn't be reached. No request is sent before paused_until.
  unreachable_count integer NOT NULL DEFAULT 0,
  paused_until timestamptz NOT NULL DEFAULT '-infinity',
  -- Counts how many times an operator's request ended the pause. What a worker learned before that begins no new one.
  resume_count integer NOT NULL DEFAULT 0,
  -- Which worker has it, and until when.
  lease uuid,
  leased_until timestamptz NOT NULL DEFAULT '-infinity',
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  CONSTRAINT webhooks_pkey PRIMARY KEY (webhook_id),
  CONSTRAINT webhooks_state_known CHECK (state IN ('ENABLED', 'DISABLED')),
  CONSTRAINT webhooks_disabled_for_a_reason CHECK (
    (state = 'DISABLED') = (disable_reason IS NOT NULL) AND disable_reason IN ('REQUESTED', 'GONE', 'FAILING')
  ),
  CONSTRAINT webhooks_previous_secret_ends CHECK ((previous_secret IS NULL) = (previous_secret_until IS NULL))
);

CREATE INDEX webhooks_by_program ON webhooks (program_id, webhook_id);
-- What workers look for.
CREATE INDEX webhooks_due ON webhooks (due_time) WHERE state = 'ENABLED';

CREATE TABLE deliveries (
  delivery_id bigint GENERATED ALWAYS AS IDENTITY,
  webhook_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  event_type text NOT NULL,
  -- The CloudEvent as it is sent.
  body text NOT NULL,
  state text NOT NULL,
  -- Counts how many times delivery began anew, by a retry or a replay. An attempt from before it changes nothing any more.
  round integer NOT NULL DEFAULT 1,
  attempt_count integer NOT NULL DEFAULT 0,
  -- Of what is due, the lowest is sent first: 0 for what an operator waits for, 1 for what happens, 2 for what is replayed.
  priority smallint NOT NULL,
  next_attempt_time timestamptz,
  -- The newest attempts: an array of {time, status, durationMs, error}.
  attempts jsonb NOT NULL DEFAULT '[]',
  create_time timestamptz NOT NULL,
  finish_time timestamptz,
  CONSTRAINT deliveries_pkey PRIMARY KEY (delivery_id),
  -- The stream delivers an event at least once; an endpoint gets it once, unless it asks again.
  CONSTRAINT deliveries_event_key UNIQUE (webhook_id, event_id),
  CONSTRAINT deliveries_webhook_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks (webhook_id) ON DELETE CASCADE,
  CONSTRAINT deliveries_state_known CHECK (state IN ('PENDING', 'DELIVERED', 'FAILED')),
  CONSTRAINT deliveries_priority_known CHECK (priority BETWEEN 0 AND 2),
  CONSTRAINT deliveries_pending_or_finished CHECK (
    (state = 'PENDING') = (next_attempt_time IS NOT NULL) AND (state = 'PENDING') = (finish_time IS NULL)
  )
);

CREATE INDEX deliveries_due ON deliveries (webhook_id, priority, next_attempt_time, delivery_id) WHERE state = 'PENDING';
CREATE INDEX deliveries_newest ON deliveries (webhook_id, delivery_id);
CREATE INDEX deliveries_newest_by_state ON deliveries (webhook_id, state, delivery_id);
CREATE INDEX deliveries_finished ON deliveries (finish_time) WHERE finish_time IS NOT NULL;

-- The newest replay of each webhook.
CREATE TABLE replays (
  webhook_id text COLLATE "C" NOT NULL,
  -- Either a period of the program, or a member from a sequence on.
  from_time timestamptz,
  to_time timestamptz,
  user_id text,
  from_sequence bigint NOT NULL,
  state text NOT NULL,
  -- Where the ledger goes on; empty at the beginning.
  page_token text NOT NULL DEFAULT '',
  -- When the reading of the range began. Entries that were committed later can have been missed.
  read_since timestamptz NOT NULL,
  event_count bigint NOT NULL DEFAULT 0,
  error text NOT NULL DEFAULT '',
  -- When the next page may be read.
  due_time timestamptz NOT NULL,
  -- Which worker reads it, and until when.
  lease uuid,
  leased_until timestamptz NOT NULL DEFAULT '-infinity',
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  CONSTRAINT replays_pkey PRIMARY KEY (webhook_id),
  CONSTRAINT replays_webhook_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks (webhook_id) ON DELETE CASCADE,
  CONSTRAINT replays_state_known CHECK (state IN ('RUNNING', 'DONE', 'FAILED')),
  CONSTRAINT replays_one_range CHECK (
    (from_time IS NULL) = (to_time IS NULL) AND (from_time IS NULL) <> (user_id IS NULL)
  )
);

CREATE INDEX replays_due ON replays (due_time) WHERE state = 'RUNNING';

-- Events of this service that wait to be published, an OutboxBatch, protobuf.
CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY,
  batch bytea NOT NULL,
  leased_until timestamptz NOT NULL DEFAULT '-infinity',
  create_time timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT outbox_pkey PRIMARY KEY (id)
);

-- The service works in a role that can't change tables. The role belongs to the server: it may be there already, created for
-- another database, or by an operator if logins can't create roles.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'webhooks_app') THEN
    CREATE ROLE webhooks_app NOLOGIN;
  END IF;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL; -- another database's migration was quicker
  WHEN insufficient_privilege THEN
    RAISE insufficient_privilege USING
      MESSAGE = format('%I may not create the role webhooks_app, which the webhooks service works in', current_user),
      HINT = format('As a superuser: CREATE ROLE webhooks_app NOLOGIN; GRANT webhooks_app TO %I;', current_user);
END $$;

DO $$
BEGIN
  -- What it takes to SET ROLE became a privilege of its own in PostgreSQL 16.
  IF NOT pg_has_role(
    'webhooks_app',
    CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END
  ) THEN
    GRANT webhooks_app TO CURRENT_USER;
  END IF;
EXCEPTION
  WHEN unique_violation THEN NULL;
  WHEN insufficient_privilege THEN
    RAISE insufficient_privilege USING
      MESSAGE = format('%I is not a member of the role webhooks_app, which the webhooks service works in', current_user),
      HINT = format('As a superuser: GRANT webhooks_app TO %I;', current_user);
END $$;

GRANT USAGE ON SCHEMA public TO webhooks_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhooks, deliveries, replays, outbox TO webhooks_app;
