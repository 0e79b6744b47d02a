-- readable since 0001
-- What apps, support desks and shops read.

-- The reward's name when it was redeemed: an operator may give the reward another one, or another reward the old one.
ALTER TABLE redemptions ADD COLUMN reward_display_name text NOT NULL DEFAULT '';
