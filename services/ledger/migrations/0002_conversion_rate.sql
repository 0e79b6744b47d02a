-- The rate at which a conversion was made, so that a part of it is worth exactly what its points are worth: the value of
-- the whole is rounded. NULL for rewards with a fixed price and for conversions from before.
ALTER TABLE redemptions
  ADD COLUMN rate_points bigint,
  ADD COLUMN rate_minor_units bigint;
