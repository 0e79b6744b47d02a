-- readable since 0001
-- Which version the drafted rule set is a copy of; NULL for every other change.
alter table program_changes add column copied_from_version integer;
