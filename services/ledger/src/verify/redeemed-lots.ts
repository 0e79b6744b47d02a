/**
 * A subquery of what became of the points that each redemption took from each lot. By the redemption itself:
 * `remembered`, of them `spent` and `returned`. By its entries: `taken`, `released` and `given_back`; of the last two
 * the lots get what a debt leaves.
 */
export const redeemedLots = `(
  SELECT *, CASE WHEN state IN ('CAPTURED', 'REVERSED') THEN remembered ELSE 0 END AS spent
  FROM (
    SELECT membership_id, redemption_id, available_at, expires_at, class, sum(remembered) AS remembered,
      sum(returned) AS returned, sum(taken) AS taken, sum(released) AS released, sum(given_back) AS given_back
    FROM (
      SELECT membership_id, redemption_id, (part ->> 'available_at')::timestamptz AS available_at,
        (part ->> 'expires_at')::timestamptz AS expires_at, part ->> 'class' AS class,
        (part ->> 'points')::bigint AS remembered, (part ->> 'returned')::bigint AS returned,
        0 AS taken, 0 AS released, 0 AS given_back
      FROM redemptions CROSS JOIN LATERAL jsonb_array_elements(parts) AS part
      UNION ALL
      SELECT membership_id, redemption_id COLLATE "C", available_at, expires_at, class, 0, 0,
        CASE WHEN kind IN ('RESERVE', 'CAPTURE') THEN -points ELSE 0 END,
        CASE kind WHEN 'RELEASE' THEN points ELSE 0 END,
        CASE kind WHEN 'RETURN' THEN points ELSE 0 END
      FROM entries JOIN allocations USING (membership_id, sequence)
      WHERE redemption_id IS NOT NULL
    ) AS told
    GROUP BY membership_id, redemption_id, available_at, expires_at, class
  ) AS lots
  JOIN (SELECT membership_id, redemption_id, state FROM redemptions) AS states
    USING (membership_id, redemption_id)
)`;
