-- Dumped from the migrated database by `npm run schema`. Change it by a new migration.

--
-- Name: deliveries; Type: TABLE; Schema: public
--

CREATE TABLE public.deliveries (
    delivery_id bigint NOT NULL,
    webhook_id text NOT NULL COLLATE pg_catalog."C",
    event_id text NOT NULL COLLATE pg_catalog."C",
    event_type text NOT NULL,
    body text NOT NULL,
    state text NOT NULL,
    round integer DEFAULT 1 NOT NULL,
    attempt_count integer DEFAULT 0 NOT NULL,
    priority smallint NOT NULL,
    next_attempt_time timestamp with time zone,
    attempts jsonb DEFAULT '[]'::jsonb NOT NULL,
    create_time timestamp with time zone NOT NULL,
    finish_time timestamp with time zone,
    CONSTRAINT deliveries_pending_or_finished CHECK ((((state = 'PENDING'::text) = (next_attempt_time IS NOT NULL)) AND ((state = 'PENDING'::text) = (finish_time IS NULL)))),
    CONSTRAINT deliveries_priority_known CHECK (((priority >= 0) AND (priority <= 2))),
    CONSTRAINT deliveries_state_known CHECK ((state = ANY (ARRAY['PENDING'::text, 'DELIVERED'::text, 'FAILED'::text])))
);

--
-- Name: deliveries_delivery_id_seq; Type: SEQUENCE; Schema: public
--

ALTER TABLE public.deliveries ALTER COLUMN delivery_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.deliveries_delivery_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
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
-- Name: replays; Type: TABLE; Schema: public
--

CREATE TABLE public.replays (
    webhook_id text NOT NULL COLLATE pg_catalog."C",
    from_time timestamp with time zone,
    to_time timestamp with time zone,
    user_id text,
    from_sequence bigint NOT NULL,
    state text NOT NULL,
    page_token text DEFAULT ''::text NOT NULL,
    read_since timestamp with time zone NOT NULL,
    event_count bigint DEFAULT 0 NOT NULL,
    error text DEFAULT ''::text NOT NULL,
    due_time timestamp with time zone NOT NULL,
    lease uuid,
    leased_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    create_time timestamp with time zone NOT NULL,
    update_time timestamp with time zone NOT NULL,
    CONSTRAINT replays_one_range CHECK ((((from_time IS NULL) = (to_time IS NULL)) AND ((from_time IS NULL) <> (user_id IS NULL)))),
    CONSTRAINT replays_state_known CHECK ((state = ANY (ARRAY['RUNNING'::text, 'DONE'::text, 'FAILED'::text])))
);

--
-- Name: webhooks; Type: TABLE; Schema: public
--

CREATE TABLE public.webhooks (
    webhook_id text NOT NULL COLLATE pg_catalog."C",
    program_id text NOT NULL COLLATE pg_catalog."C",
    url text NOT NULL,
    description text NOT NULL,
    event_types text[] NOT NULL,
    state text NOT NULL,
    disable_reason text,
    secret text NOT NULL,
    previous_secret text,
    previous_secret_until timestamp with time zone,
    failing_since timestamp with time zone,
    revision integer NOT NULL,
    due_time timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    unreachable_count integer DEFAULT 0 NOT NULL,
    paused_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    resume_count integer DEFAULT 0 NOT NULL,
    lease uuid,
    leased_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    create_time timestamp with time zone NOT NULL,
    update_time timestamp with time zone NOT NULL,
    CONSTRAINT webhooks_disabled_for_a_reason CHECK ((((state = 'DISABLED'::text) = (disable_reason IS NOT NULL)) AND (disable_reason = ANY (ARRAY['REQUESTED'::text, 'GONE'::text, 'FAILING'::text])))),
    CONSTRAINT webhooks_previous_secret_ends CHECK (((previous_secret IS NULL) = (previous_secret_until IS NULL))),
    CONSTRAINT webhooks_state_known CHECK ((state = ANY (ARRAY['ENABLED'::text, 'DISABLED'::text])))
);

--
-- Name: deliveries deliveries_event_key; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_event_key UNIQUE (webhook_id, event_id);

--
-- Name: deliveries deliveries_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (delivery_id);

--
-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

--
-- Name: replays replays_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.replays
    ADD CONSTRAINT replays_pkey PRIMARY KEY (webhook_id);

--
-- Name: webhooks webhooks_pkey; Type: CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.webhooks
    ADD CONSTRAINT webhooks_pkey PRIMARY KEY (webhook_id);

--
-- Name: deliveries_due; Type: INDEX; Schema: public
--

CREATE INDEX deliveries_due ON public.deliveries USING btree (webhook_id, priority, next_attempt_time, delivery_id) WHERE (state = 'PENDING'::text);

--
-- Name: deliveries_finished; Type: INDEX; Schema: public
--

CREATE INDEX deliveries_finished ON public.deliveries USING btree (finish_time) WHERE (finish_time IS NOT NULL);

--
-- Name: deliveries_newest; Type: INDEX; Schema: public
--

CREATE INDEX deliveries_newest ON public.deliveries USING btree (webhook_id, delivery_id);

--
-- Name: deliveries_newest_by_state; Type: INDEX; Schema: public
--

CREATE INDEX deliveries_newest_by_state ON public.deliveries USING btree (webhook_id, state, delivery_id);

--
-- Name: replays_due; Type: INDEX; Schema: public
--

CREATE INDEX replays_due ON public.replays USING btree (due_time) WHERE (state = 'RUNNING'::text);

--
-- Name: webhooks_by_program; Type: INDEX; Schema: public
--

CREATE INDEX webhooks_by_program ON public.webhooks USING btree (program_id, webhook_id);

--
-- Name: webhooks_due; Type: INDEX; Schema: public
--

CREATE INDEX webhooks_due ON public.webhooks USING btree (due_time) WHERE (state = 'ENABLED'::text);

--
-- Name: deliveries deliveries_webhook_fkey; Type: FK CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_webhook_fkey FOREIGN KEY (webhook_id) REFERENCES public.webhooks(webhook_id) ON DELETE CASCADE;

--
-- Name: replays replays_webhook_fkey; Type: FK CONSTRAINT; Schema: public
--

ALTER TABLE ONLY public.replays
    ADD CONSTRAINT replays_webhook_fkey FOREIGN KEY (webhook_id) REFERENCES public.webhooks(webhook_id) ON DELETE CASCADE;

--
-- Name: SCHEMA public; Type: ACL; Schema: -
--

GRANT USAGE ON SCHEMA public TO webhooks_app;

--
-- Name: TABLE deliveries; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.deliveries TO webhooks_app;

--
-- Name: TABLE outbox; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outbox TO webhooks_app;

--
-- Name: TABLE replays; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.replays TO webhooks_app;

--
-- Name: TABLE webhooks; Type: ACL; Schema: public
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.webhooks TO webhooks_app;
