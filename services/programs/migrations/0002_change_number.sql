-- Numbers all changes of all programs, so that the ledger can ask what changed after the last one that it has heard of.
--
-- A change takes its number in its own transaction and keeps this row locked until it commits, so that a reader who sees a
-- number sees all below it. A sequence would hand out numbers in another order than that of the commits, and a reader would pass over
-- those that become visible late.

create table change_number (
  -- Of the newest change.
  n bigint not null
);

create unique index change_number_single_row on change_number ((true));

alter table program_changes add column change_number bigint;

update program_changes set change_number = numbered.n
from (
  select program_id, revision, row_number() over (order by change_time, program_id, revision) as n
  from program_changes
) as numbered
where program_changes.program_id = numbered.program_id and program_changes.revision = numbered.revision;

insert into change_number select count(*) from program_changes;

alter table program_changes
  alter column change_number set not null,
  add constraint program_changes_change_number_key unique (change_number);
