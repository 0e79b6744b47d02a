-- readable since 0001
-- What apps, support desks and shops read.

-- The reward's name when it was redeemed: an operator may give the reward another one, or another reward the old one.
ALTER TABLE redemptions ADD COLUMN reward_display_name text NOT NULL DEFAULT '';

-- A program's entries by time. Those of kind EARN are found by their earns, so that a purchase pays for no column and no
-- second index: their program_id is NULL.
ALTER TABLE entries ADD COLUMN program_id text COLLATE "C";
UPDATE entries SET program_id = (
  SELECT program_id FROM memberships WHERE membership_id = entries.membership_id
) WHERE kind <> 'EARN';
CREATE INDEX entries_of_program ON entries (program_id, kind, create_time, membership_id, sequence)
  WHERE program_id IS NOT NULL;

-- The purchases of one commit have the same time, and an index keeps equal keys once.
CREATE INDEX earns_by_time ON earns (program_id, post_time) WHERE post_time IS NOT NULL;
-- Few, and a purchase is never one of them when it is credited.
CREATE INDEX earns_reversed ON earns (program_id, post_time) WHERE state = 'REVERSED';

-- A program's redemptions by time. Each condition is one that only the statement for the index says.
CREATE INDEX redemptions_by_state ON redemptions (program_id, state, create_time, membership_id, sequence)
  WHERE program_id <> '';
CREATE INDEX redemptions_by_reward ON redemptions (program_id, reward_id, state, create_time, membership_id, sequence)
  WHERE reward_id <> '';
CREATE INDEX redemptions_by_reference ON redemptions (program_id, reference, create_time, membership_id, sequence)
  WHERE reference <> '';

-- For lists of members by what is known about them. A purchase changes none of these columns.
CREATE INDEX memberships_by_state ON memberships (program_id, state, user_id) WHERE program_id <> '';
CREATE INDEX memberships_by_join_time ON memberships (program_id, join_time, user_id) WHERE join_time IS NOT NULL;

-- Which members have an attribute: a row for each of memberships.attributes, written with it and with the state.
CREATE TABLE member_attributes (
  program_id text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  membership_id bigint NOT NULL,
  state text NOT NULL,
  CONSTRAINT member_attributes_pkey PRIMARY KEY (program_id, key, value, user_id)
);
INSERT INTO member_attributes
  SELECT program_id, key, value, user_id, membership_id, state FROM memberships CROSS JOIN jsonb_each_text(attributes);
GRANT SELECT, INSERT, DELETE ON member_attributes TO ledger_app;
