-- By which engine an earn was decided, so that it can be derived again: 0 before engines were numbered.
ALTER TABLE earns ADD COLUMN semantics smallint DEFAULT 0; -- which rewrites no row
ALTER TABLE earns ALTER COLUMN semantics DROP DEFAULT;

ALTER TABLE earns
  DROP CONSTRAINT earns_state,
  ADD CONSTRAINT earns_state CHECK (
    CASE state
      WHEN 'AWAITED' THEN membership_id IS NULL
      WHEN 'POSTED' THEN num_nulls(
        membership_id, sequence, fingerprint, rule_set_version, semantics, points, reversed_points,
        explanation, available_at, expires_at, lot_class, post_time, transaction
      ) = 0
      WHEN 'REVERSED' THEN membership_id IS NOT NULL
      ELSE false
    END
  );

-- What the earn counts of each cap, by rule id: a refund takes off what is less than that, and never adds. NULL where it
-- counted nothing.
ALTER TABLE earns ADD COLUMN cap_counts jsonb;

-- The refunds of a transaction are numbered as they arrive, and applied in that order; several can come within one
-- millisecond.
ALTER TABLE refunds ADD COLUMN arrival integer;

UPDATE refunds SET arrival = numbered.arrival
FROM (
  SELECT program_id, transaction_id, refund_id,
    row_number() OVER (PARTITION BY program_id, transaction_id ORDER BY create_time, refund_id) AS arrival
  FROM refunds
) AS numbered
WHERE refunds.program_id = numbered.program_id
  AND refunds.transaction_id = numbered.transaction_id
  AND refunds.refund_id = numbered.refund_id;

ALTER TABLE refunds
  ALTER COLUMN arrival SET NOT NULL,
  ADD CONSTRAINT refunds_arrival UNIQUE (program_id, transaction_id, arrival);
