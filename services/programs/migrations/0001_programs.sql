-- readable since 0001
-- Programs, their rule sets and rewards, the audit of every change, and the outbox of program.changed events.
--
-- Every change of a program, a rule set or a reward happens under a lock on the program's row and takes the next
-- revision. `changed_in` tells in which revision a row last changed; etags are made of it.

create table programs (
  program_id text collate "C" not null,
  display_name text not null,
  description text not null,
  unit_singular text not null,
  unit_plural text not null,
  state text not null,
  time_zone text not null,
  enrollment text not null,
  earns_per_minute integer not null,
  redemptions_per_minute integer not null,
  metadata jsonb not null,
  -- How many days before a date of a member's points the ledger announces it; 0 for never.
  notice_expiring_days integer not null,
  notice_maturing_days integer not null,
  -- The newest revision, of whatever part of the program.
  revision bigint not null,
  changed_in bigint not null,
  create_time timestamptz not null,
  update_time timestamptz not null,
  constraint programs_pkey primary key (program_id),
  constraint programs_program_id_slug check (program_id ~ '^[a-z][a-z0-9-]{1,48}[a-z0-9]$'),
  constraint programs_state_known check (state in ('DRAFT', 'ACTIVE', 'SUSPENDED', 'ARCHIVED')),
  constraint programs_enrollment_known check (enrollment in ('OPEN', 'AUTO')),
  constraint programs_limits_not_negative check (earns_per_minute >= 0 and redemptions_per_minute >= 0),
  constraint programs_notices_bounds check (notice_expiring_days between 0 and 90 and notice_maturing_days between 0 and 90),
  constraint programs_changed_in_reached check (changed_in between 1 and revision)
);

-- A version's state is not stored: it follows from these times, the clock and the other versions.
create table rule_sets (
  program_id text collate "C" not null,
  version integer not null,
  -- The rules and policies in protobuf JSON, readable by operators; written only while the version is a draft.
  definition jsonb not null,
  -- Copied from the program when the version is published.
  time_zone text,
  effective_time timestamptz,
  publish_time timestamptz,
  withdraw_time timestamptz,
  changed_in bigint not null,
  create_time timestamptz not null,
  update_time timestamptz not null,
  constraint rule_sets_pkey primary key (program_id, version),
  constraint rule_sets_program_fkey foreign key (program_id) references programs (program_id),
  constraint rule_sets_version_positive check (version >= 1),
  constraint rule_sets_published_whole check (
    (publish_time is null) = (effective_time is null) and (publish_time is null) = (time_zone is null)
  ),
  constraint rule_sets_not_retroactive check (effective_time >= publish_time),
  constraint rule_sets_withdrawn_in_time check (withdraw_time < effective_time)
);

-- Finds the version in force at an instant.
create index rule_sets_in_force on rule_sets (program_id, effective_time desc, version desc)
  where effective_time is not null and withdraw_time is null;

create table rewards (
  program_id text collate "C" not null,
  reward_id text collate "C" not null,
  state text not null,
  -- Name, price, limits and condition in protobuf JSON.
  definition jsonb not null,
  changed_in bigint not null,
  create_time timestamptz not null,
  update_time timestamptz not null,
  constraint rewards_pkey primary key (program_id, reward_id),
  constraint rewards_program_fkey foreign key (program_id) references programs (program_id),
  constraint rewards_state_known check (state in ('ACTIVE', 'ARCHIVED')),
  constraint rewards_one_price check (
    (definition -> 'fixed' is null) <> (definition -> 'conversion' is null)
  )
);

-- Who changed what, and when. Append-only.
create table program_changes (
  program_id text collate "C" not null,
  revision bigint not null,
  -- The method that made the change, such as PUBLISH_RULE_SET.
  verb text not null,
  rule_set_version integer,
  reward_id text,
  -- An array of {field, before, after}; the values are JSON as text.
  fields jsonb not null,
  -- Role and token subject, such as admin:jane.
  actor text not null,
  request_id text not null,
  change_time timestamptz not null,
  -- Its number among all changes of all programs.
  change_number bigint not null,
  constraint program_changes_pkey primary key (program_id, revision),
  constraint program_changes_change_number_key unique (change_number),
  constraint program_changes_program_fkey foreign key (program_id) references programs (program_id)
);

-- Numbers all changes of all programs, so that the ledger can ask what changed after the last one that it has heard of.
--
-- A change takes its number in its own transaction and keeps this row locked until it commits, so that a reader who sees a
-- number sees all below it. A sequence would hand out numbers in another order than that of the commits, and a reader would
-- pass over those that become visible late.
create table change_number (
  -- Of the newest change.
  n bigint not null
);

create unique index change_number_single_row on change_number ((true));

insert into change_number values (0);

create table outbox (
  id bigint generated always as identity,
  -- A serialized loyalty.events.v1.OutboxBatch.
  batch bytea not null,
  -- Until when a relay has taken the row.
  leased_until timestamptz not null default '-infinity',
  create_time timestamptz not null default now(),
  constraint outbox_pkey primary key (id)
);
