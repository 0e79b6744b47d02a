-- Dumped from the migrated database by `npm run schema`. Change it by a new migration.

--
-- Name: allocations; Type: TABLE; Schema: public
--

CREATE TABLE public.allocations (
    membership_id bigint NOT NULL,
    sequence bigint NOT NULL,
    available_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    class text NOT NULL,
    points bigint NOT NULL
)
WITH (autovacuum_vacuum_insert_scale_factor='0.02', autovacuum_analyze_scale_factor='0.5');

--
-- Name: cap_usage; Type: TABLE; Schema: public
--

CREATE TABLE public.cap_usage (
    membership_id bigint NOT NULL,
    rule_id text NOT NULL,
    period text NOT NULL,
    period_start timestamp with time zone NOT NULL,
    points bigint NOT NULL,
    CONSTRAINT cap_usage_not_negative CHECK ((points >= 0))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');

--
-- Name: dead_letters; Type: TABLE; Schema: public
--

CREATE TABLE public.dead_letters (
    dead_letter_id bigint NOT NULL,
    state text NOT NULL,
    stream_sequence bigint NOT NULL,
    stream_time timestamp with time zone NOT NULL,
    subject text NOT NULL,
    content_type text NOT NULL,
    payload bytea NOT NULL,
    actor text NOT NULL,
    request_id text NOT NULL,
    program_id text NOT NULL COLLATE pg_catalog."C",
    transaction_id text NOT NULL COLLATE pg_catalog."C",
    reason text NOT NULL,
    detail text NOT NULL,
    attempts integer NOT NULL,
    retry_at timestamp with time zone NOT NULL,
    create_time timestamp with time zone NOT NULL,
    decide_time timestamp with time zone,
    decide_actor text,
    decide_request_id text,
    decide_why text,
    CONSTRAINT dead_letters_decision CHECK ((num_nulls(decide_time, decide_actor, decide_request_id, decide_why) =
CASE
    WHEN (state = ANY (ARRAY['REPLAYED'::text, 'DISCARDED'::text])) THEN 0
    ELSE 4
END)),
    CONSTRAINT dead_letters_state CHECK ((state = ANY (ARRAY['WAITING'::text, 'DEAD'::text, 'REPLAYED'::text, 'DISCARDED'::text])))
);

--
-- Name: dead_letters_dead_letter_id_seq; Type: SEQUENCE; Schema: public
--

ALTER TABLE public.dead_letters ALTER COLUMN dead_letter_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.dead_letters_dead_letter_id_seq
    START WITH 1024
    INCREMENT BY 1024
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: earns; Type: TABLE; Schema: public
--

CREATE TABLE public.earns (
    program_id text NOT NULL COLLATE pg_catalog."C",
    transaction_id text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL,
    membership_id bigint,
    sequence bigint,
    fingerprint bytea,
    rule_set_version integer,
    facts jsonb,
    points bigint,
    reversed_points bigint,
    explanation jsonb,
    available_at timestamp with time zone,
    expires_at timestamp with time zone,
    lot_class text,
    post_time timestamp with time zone,
    transaction bytea,
    semantics smallint,
    cap_counts jsonb,
    CONSTRAINT earns_points CHECK (((reversed_points >= 0) AND (reversed_points <= points))),
    CONSTRAINT earns_state CHECK (
CASE state
    WHEN 'AWAITED'::text THEN (membership_id IS NULL)
    WHEN 'POSTED'::text THEN (num_nulls(membership_id, sequence, fingerprint, rule_set_version, semantics, points, reversed_points, explanation, available_at, expires_at, lot_class, post_time, transaction) = 0)
    WHEN 'REVERSED'::text THEN (membership_id IS NOT NULL)
    ELSE false
END)
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.02', autovacuum_analyze_scale_factor='0.5');

--
-- Name: entries; Type: TABLE; Schema: public
--

CREATE TABLE public.entries (
    membership_id bigint NOT NULL,
    sequence bigint NOT NULL,
    kind text NOT NULL,
    event_version smallint NOT NULL,
    available bigint NOT NULL,
    pending bigint NOT NULL,
    reserved bigint NOT NULL,
    deficit bigint NOT NULL,
    balance_after bigint NOT NULL,
    transaction_id text,
    redemption_id text,
    refund_id text,
    reason text,
    actor text NOT NULL,
    request_id text NOT NULL,
    create_time timestamp with time zone NOT NULL,
    attributes_before jsonb,
    attributes_after jsonb,
    join_time timestamp with time zone,
    inactivity_expires_at timestamp with time zone,
    note text,
    program_id text COLLATE pg_catalog."C",
    pending_after bigint,
    reserved_after bigint,
    deficit_after bigint,
    lots_expire_at timestamp with time zone,
    CONSTRAINT entries_attributes CHECK ((num_nulls(attributes_before, attributes_after) <> 1))
)
WITH (autovacuum_vacuum_insert_scale_factor='0.02', autovacuum_analyze_scale_factor='0.5');

--
-- Name: lapsed_lots; Type: TABLE; Schema: public
--

CREATE TABLE public.lapsed_lots (
    membership_id bigint NOT NULL,
    available_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    class text NOT NULL,
    lapsed bigint NOT NULL,
    lapsed_refunded bigint NOT NULL,
    sequence bigint NOT NULL,
    CONSTRAINT lapsed_lots_bounds CHECK (((lapsed_refunded >= 0) AND (lapsed_refunded <= lapsed)))
);

--
-- Name: lots; Type: TABLE; Schema: public
--

CREATE TABLE public.lots (
    membership_id bigint NOT NULL,
    available_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    class text NOT NULL,
    remaining bigint NOT NULL,
    CONSTRAINT lots_class CHECK ((class = ANY (ARRAY['NORMAL'::text, 'INACTIVITY'::text, 'GRACE'::text]))),
    CONSTRAINT lots_not_negative CHECK ((remaining >= 0))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');

--
-- Name: member_attributes; Type: TABLE; Schema: public
--

CREATE TABLE public.member_attributes (
    membership_id bigint NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C",
    program_id text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL,
    join_time timestamp with time zone NOT NULL
);

--
-- Name: member_ids; Type: TABLE; Schema: public
--

CREATE TABLE public.member_ids (
    program_id text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    membership_id bigint NOT NULL
);

--
-- Name: membership_ids; Type: SEQUENCE; Schema: public
--

CREATE SEQUENCE public.membership_ids
    START WITH 1024
    INCREMENT BY 1024
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

--
-- Name: memberships; Type: TABLE; Schema: public
--

CREATE TABLE public.memberships (
    membership_id bigint NOT NULL,
    program_id text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL,
    suspended boolean NOT NULL,
    attributes jsonb NOT NULL,
    join_time timestamp with time zone NOT NULL,
    last_sequence bigint NOT NULL,
    last_entry_time timestamp with time zone NOT NULL,
    available bigint NOT NULL,
    pending bigint NOT NULL,
    reserved bigint NOT NULL,
    deficit bigint NOT NULL,
    lifetime_earned bigint NOT NULL,
    lifetime_redeemed bigint NOT NULL,
    lifetime_expired bigint NOT NULL,
    inactivity_expires_at timestamp with time zone NOT NULL,
    next_due_at timestamp with time zone NOT NULL,
    earn_window_start timestamp with time zone NOT NULL,
    earn_window_count integer NOT NULL,
    redemption_window_start timestamp with time zone NOT NULL,
    redemption_window_count integer NOT NULL,
    attributes_revision bigint DEFAULT 0 NOT NULL,
    CONSTRAINT memberships_deficit_first CHECK (((deficit = 0) OR (available = 0))),
    CONSTRAINT memberships_not_negative CHECK (((available >= 0) AND (pending >= 0) AND (reserved >= 0) AND (deficit >= 0))),
    CONSTRAINT memberships_state CHECK ((state = ANY (ARRAY['ACTIVE'::text, 'SUSPENDED'::text, 'LEFT'::text])))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');

--
-- Name: outbox; Type: TABLE; Schema: public
--

CREATE TABLE public.outbox (
    id bigint NOT NULL,
    entries bytea,
    batch bytea,
    leased_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    create_time timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT outbox_content CHECK ((num_nulls(entries, batch) = 1))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000', autovacuum_vacuum_cost_delay='0', vacuum_truncate=off);

--
-- Name: outbox_id_seq; Type: SEQUENCE; Schema: public
--

ALTER TABLE public.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: program_snapshots; Type: TABLE; Schema: public
--

CREATE TABLE public.program_snapshots (
    program_id text NOT NULL COLLATE pg_catalog."C",
    revision bigint NOT NULL,
    snapshot bytea NOT NULL,
    update_time timestamp with time zone NOT NULL,
    epoch text NOT NULL
);

--
-- Name: redemptions; Type: TABLE; Schema: public
--

CREATE TABLE public.redemptions (
    membership_id bigint NOT NULL,
    redemption_id text NOT NULL COLLATE pg_catalog."C",
    program_id text NOT NULL COLLATE pg_catalog."C",
    idempotency_key text NOT NULL COLLATE pg_catalog."C",
    fingerprint bytea NOT NULL,
    sequence bigint NOT NULL,
    reward_id text NOT NULL COLLATE pg_catalog."C",
    asked_quantity integer NOT NULL,
    asked_points bigint NOT NULL,
    quantity integer NOT NULL,
    points bigint NOT NULL,
    reversed_points bigint NOT NULL,
    state text NOT NULL,
    parts jsonb NOT NULL,
    reference text NOT NULL,
    value_currency_code text,
    value_minor_units bigint,
    create_time timestamp with time zone NOT NULL,
    hold_expires_at timestamp with time zone,
    made_by_member boolean NOT NULL,
    refusal_reason text,
    refusal_metadata jsonb,
    stock_taken boolean NOT NULL,
    usage_period text,
    usage_period_start timestamp with time zone,
    rate_points bigint,
    rate_minor_units bigint,
    reward_display_name text NOT NULL,
    CONSTRAINT redemptions_points CHECK (((points >= 0) AND ((reversed_points >= 0) AND (reversed_points <= points)))),
    CONSTRAINT redemptions_state CHECK ((state = ANY (ARRAY['RESERVED'::text, 'CAPTURED'::text, 'CANCELLED'::text, 'EXPIRED'::text, 'REVERSED'::text, 'REJECTED'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');

--
-- Name: refunds; Type: TABLE; Schema: public
--

CREATE TABLE public.refunds (
    program_id text NOT NULL COLLATE pg_catalog."C",
    transaction_id text NOT NULL COLLATE pg_catalog."C",
    refund_id text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL,
    fingerprint bytea NOT NULL,
    extent jsonb NOT NULL,
    points bigint NOT NULL,
    taken bigint NOT NULL,
    lapsed bigint NOT NULL,
    owed bigint NOT NULL,
    forgiven bigint NOT NULL,
    create_time timestamp with time zone NOT NULL,
    arrival integer NOT NULL,
    CONSTRAINT refunds_points CHECK ((points = (((taken + lapsed) + owed) + forgiven))),
    CONSTRAINT refunds_state CHECK ((state = ANY (ARRAY['WAITING'::text, 'APPLIED'::text, 'REJECTED'::text, 'CANCELLED'::text])))
);

--
-- Name: requests; Type: TABLE; Schema: public
--

CREATE TABLE public.requests (
    membership_id bigint NOT NULL,
    kind text NOT NULL,
    idempotency_key text NOT NULL COLLATE pg_catalog."C",
    fingerprint bytea NOT NULL,
    sequence bigint NOT NULL,
    CONSTRAINT requests_kind CHECK ((kind = ANY (ARRAY['ADJUST'::text, 'REVERSE'::text])))
);

--
-- Name: reward_stock; Type: TABLE; Schema: public
--

CREATE TABLE public.reward_stock (
    program_id text NOT NULL COLLATE pg_catalog."C",
    reward_id text NOT NULL COLLATE pg_catalog."C",
    taken bigint NOT NULL,
    CONSTRAINT reward_stock_not_negative CHECK ((taken >= 0))
);

--
-- Name: reward_usage; Type: TABLE; Schema: public
--

CREATE TABLE public.reward_usage (
    membership_id bigint NOT NULL,
    reward_id text NOT NULL COLLATE pg_catalog."C",
    period text NOT NULL,
    period_start timestamp with time zone NOT NULL,
    taken bigint NOT NULL,
    CONSTRAINT reward_usage_not_negative CHECK ((taken >= 0))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');

--
-- Name: rule_names; Type: TABLE; Schema: public
--

CREATE TABLE public.rule_names (
    program_id text NOT NULL COLLATE pg_catalog."C",
    rule_set_version integer NOT NULL,
    names jsonb NOT NULL
);

--
-- Name: allocations allocations_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT allocations_pkey PRIMARY KEY (membership_id, sequence, available_at, expires_at, class);

--
-- Name: cap_usage cap_usage_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.cap_usage
    ADD CONSTRAINT cap_usage_pkey PRIMARY KEY (membership_id, rule_id, period, period_start);

--
-- Name: dead_letters dead_letters_message; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_message UNIQUE (stream_sequence, stream_time);

--
-- Name: dead_letters dead_letters_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (dead_letter_id);

--
-- Name: earns earns_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.earns
    ADD CONSTRAINT earns_pkey PRIMARY KEY (program_id, transaction_id);

--
-- Name: entries entries_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.entries
    ADD CONSTRAINT entries_pkey PRIMARY KEY (membership_id, sequence);

--
-- Name: lapsed_lots lapsed_lots_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.lapsed_lots
    ADD CONSTRAINT lapsed_lots_pkey PRIMARY KEY (membership_id, available_at, expires_at, class, sequence);

--
-- Name: lots lots_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.lots
    ADD CONSTRAINT lots_pkey PRIMARY KEY (membership_id, available_at, expires_at, class);

--
-- Name: member_attributes member_attributes_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.member_attributes
    ADD CONSTRAINT member_attributes_pkey PRIMARY KEY (membership_id, key);

--
-- Name: member_ids member_ids_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.member_ids
    ADD CONSTRAINT member_ids_pkey PRIMARY KEY (program_id, user_id);

--
-- Name: memberships memberships_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.memberships
    ADD CONSTRAINT memberships_pkey PRIMARY KEY (membership_id);

--
-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

--
-- Name: program_snapshots program_snapshots_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.program_snapshots
    ADD CONSTRAINT program_snapshots_pkey PRIMARY KEY (program_id);

--
-- Name: redemptions redemptions_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.redemptions
    ADD CONSTRAINT redemptions_pkey PRIMARY KEY (membership_id, redemption_id);

--
-- Name: refunds refunds_arrival; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_arrival UNIQUE (program_id, transaction_id, arrival);

--
-- Name: refunds refunds_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_pkey PRIMARY KEY (program_id, transaction_id, refund_id);

--
-- Name: requests requests_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_pkey PRIMARY KEY (membership_id, kind, idempotency_key);

--
-- Name: reward_stock reward_stock_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.reward_stock
    ADD CONSTRAINT reward_stock_pkey PRIMARY KEY (program_id, reward_id);

--
-- Name: reward_usage reward_usage_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.reward_usage
    ADD CONSTRAINT reward_usage_pkey PRIMARY KEY (membership_id, reward_id, period, period_start);

--
-- Name: rule_names rule_names_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.rule_names
    ADD CONSTRAINT rule_names_pkey PRIMARY KEY (program_id, rule_set_version);

--
-- Name: dead_letters_by_program; Type: INDEX; Schema: public
--

CREATE INDEX dead_letters_by_program ON public.dead_letters USING btree (program_id, state, dead_letter_id) WHERE (program_id IS NOT NULL);

--
-- Name: dead_letters_by_program_and_reason; Type: INDEX; Schema: public
--

CREATE INDEX dead_letters_by_program_and_reason ON public.dead_letters USING btree (program_id, state, reason, dead_letter_id) WHERE (reason IS NOT NULL);

--
-- Name: dead_letters_by_reason; Type: INDEX; Schema: public
--

CREATE INDEX dead_letters_by_reason ON public.dead_letters USING btree (state, reason, dead_letter_id) WHERE (reason IS NOT NULL);

--
-- Name: dead_letters_by_state; Type: INDEX; Schema: public
--

CREATE INDEX dead_letters_by_state ON public.dead_letters USING btree (state, dead_letter_id) INCLUDE (reason) WHERE (state IS NOT NULL);

--
-- Name: dead_letters_by_transaction; Type: INDEX; Schema: public
--

CREATE INDEX dead_letters_by_transaction ON public.dead_letters USING btree (program_id, transaction_id) WHERE (transaction_id IS NOT NULL);

--
-- Name: dead_letters_decided; Type: INDEX; Schema: public
--

CREATE INDEX dead_letters_decided ON public.dead_letters USING btree (decide_time) WHERE (decide_time IS NOT NULL);

--
-- Name: dead_letters_due; Type: INDEX; Schema: public
--

CREATE INDEX dead_letters_due ON public.dead_letters USING btree (retry_at) WHERE ((state = 'WAITING'::text) AND (retry_at IS NOT NULL));

--
-- Name: earns_by_time; Type: INDEX; Schema: public
--

CREATE INDEX earns_by_time ON public.earns USING btree (program_id, post_time) WHERE (post_time IS NOT NULL);

--
-- Name: earns_reversed; Type: INDEX; Schema: public
--

CREATE INDEX earns_reversed ON public.earns USING btree (program_id, post_time) WHERE (state = 'REVERSED'::text);

--
-- Name: entries_by_kind; Type: INDEX; Schema: public
--

CREATE INDEX entries_by_kind ON public.entries USING btree (membership_id, kind, sequence) WHERE (kind <> 'EARN'::text);

--
-- Name: entries_of_program; Type: INDEX; Schema: public
--

CREATE INDEX entries_of_program ON public.entries USING btree (program_id, kind, create_time, membership_id, sequence) WHERE (program_id IS NOT NULL);

--
-- Name: member_attributes_by_join_time; Type: INDEX; Schema: public
--

CREATE INDEX member_attributes_by_join_time ON public.member_attributes USING btree (program_id, key, value, state, join_time, user_id) WHERE (join_time IS NOT NULL);

--
-- Name: member_attributes_by_user; Type: INDEX; Schema: public
--

CREATE INDEX member_attributes_by_user ON public.member_attributes USING btree (program_id, key, value, state, user_id) WHERE (program_id <> ''::text);

--
-- Name: member_ids_by_user; Type: INDEX; Schema: public
--

CREATE INDEX member_ids_by_user ON public.member_ids USING btree (user_id, program_id) WHERE (user_id <> ''::text);

--
-- Name: memberships_by_join_time; Type: INDEX; Schema: public
--

CREATE INDEX memberships_by_join_time ON public.memberships USING btree (program_id, state, join_time, user_id) WHERE (join_time IS NOT NULL);

--
-- Name: memberships_by_state; Type: INDEX; Schema: public
--

CREATE INDEX memberships_by_state ON public.memberships USING btree (program_id, state, user_id) WHERE (program_id <> ''::text);

--
-- Name: memberships_due; Type: INDEX; Schema: public
--

CREATE INDEX memberships_due ON public.memberships USING btree (next_due_at) WHERE (next_due_at < 'infinity'::timestamp with time zone);

--
-- Name: redemptions_by_reference; Type: INDEX; Schema: public
--

CREATE INDEX redemptions_by_reference ON public.redemptions USING btree (program_id, reference, create_time, membership_id, sequence) WHERE (reference <> ''::text);

--
-- Name: redemptions_by_reward; Type: INDEX; Schema: public
--

CREATE INDEX redemptions_by_reward ON public.redemptions USING btree (program_id, reward_id, state, create_time, membership_id, sequence) WHERE (reward_id <> ''::text);

--
-- Name: redemptions_by_sequence; Type: INDEX; Schema: public
--

CREATE INDEX redemptions_by_sequence ON public.redemptions USING btree (membership_id, sequence) WHERE (sequence IS NOT NULL);

--
-- Name: redemptions_by_state; Type: INDEX; Schema: public
--

CREATE INDEX redemptions_by_state ON public.redemptions USING btree (program_id, state, create_time, membership_id, sequence) WHERE (program_id <> ''::text);

--
-- Name: redemptions_idempotency_key; Type: INDEX; Schema: public
--

CREATE UNIQUE INDEX redemptions_idempotency_key ON public.redemptions USING btree (membership_id, idempotency_key) WHERE (idempotency_key IS NOT NULL);

--
-- Name: redemptions_open_holds; Type: INDEX; Schema: public
--

CREATE INDEX redemptions_open_holds ON public.redemptions USING btree (program_id, hold_expires_at, redemption_id) WHERE ((state = 'RESERVED'::text) AND (program_id IS NOT NULL));

--
-- Name: redemptions_reserved; Type: INDEX; Schema: public
--

CREATE INDEX redemptions_reserved ON public.redemptions USING btree (membership_id) WHERE (state = 'RESERVED'::text);

--
-- Name: refunds_waiting; Type: INDEX; Schema: public
--

CREATE INDEX refunds_waiting ON public.refunds USING btree (program_id, transaction_id, refund_id) WHERE (state = 'WAITING'::text);

--
-- Name: SCHEMA public; Type: ACL; Schema: -
--

GRANT USAGE ON SCHEMA public TO ledger_app;

--
-- Name: TABLE allocations; Type: ACL; Schema: public
--

GRANT SELECT,INSERT ON TABLE public.allocations TO ledger_app;

--
-- Name: TABLE cap_usage; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,UPDATE ON TABLE public.cap_usage TO ledger_app;

--
-- Name: TABLE dead_letters; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.dead_letters TO ledger_app;

--
-- Name: TABLE earns; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,UPDATE ON TABLE public.earns TO ledger_app;

--
-- Name: TABLE entries; Type: ACL; Schema: public
--

GRANT SELECT,INSERT ON TABLE public.entries TO ledger_app;

--
-- Name: TABLE lapsed_lots; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,UPDATE ON TABLE public.lapsed_lots TO ledger_app;

--
-- Name: TABLE lots; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lots TO ledger_app;

--
-- Name: TABLE member_attributes; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,DELETE ON TABLE public.member_attributes TO ledger_app;

--
-- Name: TABLE member_ids; Type: ACL; Schema: public
--

GRANT SELECT,INSERT ON TABLE public.member_ids TO ledger_app;

--
-- Name: SEQUENCE membership_ids; Type: ACL; Schema: public
--

GRANT USAGE ON SEQUENCE public.membership_ids TO ledger_app;

--
-- Name: TABLE memberships; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,UPDATE ON TABLE public.memberships TO ledger_app;

--
-- Name: TABLE outbox; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outbox TO ledger_app;

--
-- Name: TABLE program_snapshots; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,UPDATE ON TABLE public.program_snapshots TO ledger_app;

--
-- Name: TABLE redemptions; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,UPDATE ON TABLE public.redemptions TO ledger_app;

--
-- Name: TABLE refunds; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,UPDATE ON TABLE public.refunds TO ledger_app;

--
-- Name: TABLE requests; Type: ACL; Schema: public
--

GRANT SELECT,INSERT ON TABLE public.requests TO ledger_app;

--
-- Name: TABLE reward_stock; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,UPDATE ON TABLE public.reward_stock TO ledger_app;

--
-- Name: TABLE reward_usage; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,UPDATE ON TABLE public.reward_usage TO ledger_app;

--
-- Name: TABLE rule_names; Type: ACL; Schema: public
--

GRANT SELECT,INSERT ON TABLE public.rule_names TO ledger_app;
