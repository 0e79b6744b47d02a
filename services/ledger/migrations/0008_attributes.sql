-- What an entry changes of a membership besides its points, so that its attributes, its join time and the date of its
-- INACTIVITY lots can be derived from the journal line by line. An earn that changes none of them pays nothing for the
-- columns: they are NULL, and the header of an entry has room for their bits.
ALTER TABLE memberships
  -- How often the attributes have changed.
  ADD COLUMN attributes_revision bigint NOT NULL DEFAULT 0;

ALTER TABLE entries
  -- All attributes before and after the entry, where it changed any: UPDATED, and JOINED where it sets some.
  ADD COLUMN attributes_before jsonb,
  ADD COLUMN attributes_after jsonb,
  -- When the user joined; of JOINED.
  ADD COLUMN join_time timestamptz,
  -- The new date of the INACTIVITY lots, where the entry moved it.
  ADD COLUMN inactivity_expires_at timestamptz,
  ADD CONSTRAINT entries_attributes CHECK (num_nulls(attributes_before, attributes_after) <> 1);

-- Of memberships so far: what they are now is put down to the last entry that can have led to it.
UPDATE entries SET join_time = create_time WHERE kind = 'JOINED';

WITH latest AS (
  SELECT DISTINCT ON (membership_id) membership_id, sequence, attributes
  FROM entries JOIN memberships USING (membership_id)
  WHERE kind IN ('JOINED', 'UPDATED') AND attributes <> '{}'
  ORDER BY membership_id, sequence DESC
), changed AS (
  UPDATE entries SET attributes_before = '{}', attributes_after = latest.attributes
  FROM latest
  WHERE entries.membership_id = latest.membership_id AND entries.sequence = latest.sequence
)
UPDATE memberships SET attributes_revision = 1
FROM latest WHERE memberships.membership_id = latest.membership_id;

UPDATE entries SET inactivity_expires_at = latest.inactivity_expires_at
FROM (
  SELECT DISTINCT ON (membership_id) membership_id, sequence, memberships.inactivity_expires_at
  FROM entries JOIN memberships USING (membership_id)
  WHERE kind IN ('EARN', 'CAPTURE', 'ADJUST') AND memberships.inactivity_expires_at < 'infinity'
  ORDER BY membership_id, sequence DESC
) AS latest
WHERE entries.membership_id = latest.membership_id AND entries.sequence = latest.sequence;
