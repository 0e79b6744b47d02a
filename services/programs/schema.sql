-- Dumped from the migrated database by `npm run schema`. Change it by a new migration.

--
-- Name: change_number; Type: TABLE; Schema: public
--

CREATE TABLE public.change_number (
    n bigint NOT NULL
);

--
-- Name: outbox; Type: TABLE; Schema: public
--

CREATE TABLE public.outbox (
    id bigint NOT NULL,
    batch bytea NOT NULL,
    leased_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    create_time timestamp with time zone DEFAULT now() NOT NULL
);

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
-- Name: program_changes; Type: TABLE; Schema: public
--

CREATE TABLE public.program_changes (
    program_id text NOT NULL COLLATE pg_catalog."C",
    revision bigint NOT NULL,
    verb text NOT NULL,
    rule_set_version integer,
    reward_id text,
    fields jsonb NOT NULL,
    actor text NOT NULL,
    request_id text NOT NULL,
    change_time timestamp with time zone NOT NULL,
    change_number bigint NOT NULL,
    copied_from_version integer
);

--
-- Name: programs; Type: TABLE; Schema: public
--

CREATE TABLE public.programs (
    program_id text NOT NULL COLLATE pg_catalog."C",
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
    notice_expiring_days integer NOT NULL,
    notice_maturing_days integer NOT NULL,
    revision bigint NOT NULL,
    changed_in bigint NOT NULL,
    create_time timestamp with time zone NOT NULL,
    update_time timestamp with time zone NOT NULL,
    CONSTRAINT programs_changed_in_reached CHECK (((changed_in >= 1) AND (changed_in <= revision))),
    CONSTRAINT programs_enrollment_known CHECK ((enrollment = ANY (ARRAY['OPEN'::text, 'AUTO'::text]))),
    CONSTRAINT programs_limits_not_negative CHECK (((earns_per_minute >= 0) AND (redemptions_per_minute >= 0))),
    CONSTRAINT programs_notices_bounds CHECK ((((notice_expiring_days >= 0) AND (notice_expiring_days <= 90)) AND ((notice_maturing_days >= 0) AND (notice_maturing_days <= 90)))),
    CONSTRAINT programs_program_id_slug CHECK ((program_id ~ '^[a-z][a-z0-9-]{1,48}[a-z0-9]$'::text)),
    CONSTRAINT programs_state_known CHECK ((state = ANY (ARRAY['DRAFT'::text, 'ACTIVE'::text, 'SUSPENDED'::text, 'ARCHIVED'::text])))
);

--
-- Name: rewards; Type: TABLE; Schema: public
--

CREATE TABLE public.rewards (
    program_id text NOT NULL COLLATE pg_catalog."C",
    reward_id text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL,
    definition jsonb NOT NULL,
    changed_in bigint NOT NULL,
    create_time timestamp with time zone NOT NULL,
    update_time timestamp with time zone NOT NULL,
    CONSTRAINT rewards_one_price CHECK ((((definition -> 'fixed'::text) IS NULL) <> ((definition -> 'conversion'::text) IS NULL))),
    CONSTRAINT rewards_state_known CHECK ((state = ANY (ARRAY['ACTIVE'::text, 'ARCHIVED'::text])))
);

--
-- Name: rule_sets; Type: TABLE; Schema: public
--

CREATE TABLE public.rule_sets (
    program_id text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    definition jsonb NOT NULL,
    time_zone text,
    effective_time timestamp with time zone,
    publish_time timestamp with time zone,
    withdraw_time timestamp with time zone,
    changed_in bigint NOT NULL,
    create_time timestamp with time zone NOT NULL,
    update_time timestamp with time zone NOT NULL,
    CONSTRAINT rule_sets_not_retroactive CHECK ((effective_time >= publish_time)),
    CONSTRAINT rule_sets_published_whole CHECK ((((publish_time IS NULL) = (effective_time IS NULL)) AND ((publish_time IS NULL) = (time_zone IS NULL)))),
    CONSTRAINT rule_sets_version_positive CHECK ((version >= 1)),
    CONSTRAINT rule_sets_withdrawn_in_time CHECK ((withdraw_time < effective_time))
);

--
-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

--
-- Name: program_changes program_changes_change_number_key; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.program_changes
    ADD CONSTRAINT program_changes_change_number_key UNIQUE (change_number);

--
-- Name: program_changes program_changes_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.program_changes
    ADD CONSTRAINT program_changes_pkey PRIMARY KEY (program_id, revision);

--
-- Name: programs programs_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.programs
    ADD CONSTRAINT programs_pkey PRIMARY KEY (program_id);

--
-- Name: rewards rewards_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.rewards
    ADD CONSTRAINT rewards_pkey PRIMARY KEY (program_id, reward_id);

--
-- Name: rule_sets rule_sets_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.rule_sets
    ADD CONSTRAINT rule_sets_pkey PRIMARY KEY (program_id, version);

--
-- Name: change_number_single_row; Type: INDEX; Schema: public
--

CREATE UNIQUE INDEX change_number_single_row ON public.change_number USING btree ((true));

--
-- Name: rule_sets_in_force; Type: INDEX; Schema: public
--

CREATE INDEX rule_sets_in_force ON public.rule_sets USING btree (program_id, effective_time DESC, version DESC) WHERE ((effective_time IS NOT NULL) AND (withdraw_time IS NULL));

--
-- Name: program_changes program_changes_program_fkey; Type: FK CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.program_changes
    ADD CONSTRAINT program_changes_program_fkey FOREIGN KEY (program_id) REFERENCES public.programs(program_id);

--
-- Name: rewards rewards_program_fkey; Type: FK CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.rewards
    ADD CONSTRAINT rewards_program_fkey FOREIGN KEY (program_id) REFERENCES public.programs(program_id);

--
-- Name: rule_sets rule_sets_program_fkey; Type: FK CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.rule_sets
    ADD CONSTRAINT rule_sets_program_fkey FOREIGN KEY (program_id) REFERENCES public.programs(program_id);
