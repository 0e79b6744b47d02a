-- What a lot lost is kept by the entry that lost it, because a refund counts only what was lost after its purchase. Of
-- the entries so far, the oldest have what refunds have counted.
ALTER TABLE lapsed_lots
  DROP CONSTRAINT lapsed_lots_pkey,
  ADD COLUMN sequence bigint;

INSERT INTO lapsed_lots
  (membership_id, available_at, expires_at, class, sequence, lapsed, lapsed_refunded)
SELECT membership_id, available_at, expires_at, class, lapses.sequence, lapses.lapsed,
  least(lapses.lapsed, greatest(lapsed_lots.lapsed_refunded - lapses.before, 0))
FROM lapsed_lots
JOIN (
  SELECT membership_id, available_at, expires_at, class, sequence, -points AS lapsed,
    sum(-points) OVER (
      PARTITION BY membership_id, available_at, expires_at, class ORDER BY sequence
    ) + points AS before
  FROM allocations JOIN entries USING (membership_id, sequence)
  WHERE kind IN ('EXPIRE', 'FORFEIT')
) AS lapses USING (membership_id, available_at, expires_at, class);

DELETE FROM lapsed_lots WHERE sequence IS NULL;

ALTER TABLE lapsed_lots
  ADD CONSTRAINT lapsed_lots_pkey
    PRIMARY KEY (membership_id, available_at, expires_at, class, sequence);
