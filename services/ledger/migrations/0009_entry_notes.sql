-- What an adjustment tells the member, beside the reason, which is internal. NULL for every other kind of entry.
ALTER TABLE entries ADD COLUMN note text;
