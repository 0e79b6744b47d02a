import type { SqlInvariant } from './invariant.ts';
import { redeemedLots } from './redeemed-lots.ts';

/** I5 and I8: redemptions, and what they count against. */
export const redemptionInvariants: readonly SqlInvariant[] = [
  {
    id: 'I5',
    name: 'transitions',
    meaning:
      "A redemption's entries are, in order, one legal path to its state, beginning with the entry that created it.",
    sql: `SELECT format('redemption %s of membership %s: is %s, its entries are %s',
        redemption_id, membership_id, coalesce(state, 'unknown'), coalesce(story, 'none')) AS offender
      FROM redemptions
      FULL JOIN (
        SELECT membership_id, redemption_id COLLATE "C" AS redemption_id,
          min(sequence) AS first, string_agg(kind, ' ' ORDER BY sequence) AS story
        FROM entries WHERE redemption_id IS NOT NULL
        GROUP BY membership_id, redemption_id
      ) AS told USING (membership_id, redemption_id)
      WHERE redemptions.sequence IS DISTINCT FROM told.first OR story !~ CASE state
        WHEN 'REJECTED' THEN '^REJECT$'
        WHEN 'RESERVED' THEN '^RESERVE$'
        WHEN 'CANCELLED' THEN '^RESERVE RELEASE$'
        WHEN 'EXPIRED' THEN '^RESERVE RELEASE$'
        WHEN 'CAPTURED' THEN '^(CAPTURE|RESERVE CAPTURE( RELEASE)?)( RETURN)*$'
        WHEN 'REVERSED' THEN '^(CAPTURE|RESERVE CAPTURE( RELEASE)?)( RETURN)+$'
      END`,
  },
  {
    id: 'I5',
    name: 'redeemed points',
    meaning:
      "What a redemption's entries spent is what it captured less what it gave back, and its recorded lots say the same.",
    sql: `SELECT format('redemption %s of membership %s: %s, %s of %s points returned; its entries spent %s, its lots gave %s and got %s',
        redemption_id, membership_id, state, reversed_points, redemptions.points, coalesce(spent, 0),
        part.points, part.returned) AS offender
      FROM redemptions
      CROSS JOIN LATERAL (
        SELECT coalesce(sum((value ->> 'points')::bigint), 0) AS points,
          coalesce(sum((value ->> 'returned')::bigint), 0) AS returned
        FROM jsonb_array_elements(parts)
      ) AS part
      LEFT JOIN (
        SELECT membership_id, redemption_id COLLATE "C" AS redemption_id,
          -sum(available + pending + reserved - deficit) AS spent
        FROM entries WHERE redemption_id IS NOT NULL
        GROUP BY membership_id, redemption_id
      ) AS told USING (membership_id, redemption_id)
      WHERE coalesce(spent, 0) <>
          CASE WHEN state IN ('CAPTURED', 'REVERSED') THEN redemptions.points - reversed_points ELSE 0 END
        OR part.points <> CASE WHEN state = 'REJECTED' THEN 0 ELSE redemptions.points END
        OR part.returned <> reversed_points
        OR CASE state
          WHEN 'REVERSED' THEN reversed_points <> redemptions.points
          WHEN 'CAPTURED' THEN reversed_points = redemptions.points AND reversed_points > 0
          ELSE reversed_points <> 0
        END`,
  },
  {
    id: 'I5',
    name: 'holds',
    meaning: "A membership's reserved points are those of its redemptions that are RESERVED.",
    sql: `SELECT format('membership %s: %s reserved, its holds have %s', membership_id, reserved,
        coalesce(held.points, 0)) AS offender
      FROM memberships
      FULL JOIN (
        SELECT membership_id, sum(points) AS points
        FROM redemptions WHERE state = 'RESERVED' GROUP BY membership_id
      ) AS held USING (membership_id)
      WHERE reserved IS DISTINCT FROM coalesce(held.points, 0)`,
  },
  {
    id: 'I5',
    name: 'redeemed lots',
    meaning:
      "A redemption's recorded lots are those that its entries took from, less what they released; no other lot gets points back, except for a grace.",
    sql: `SELECT format(
        'redemption %s of membership %s: is %s and remembers %s of the lot (%s, %s, %s), %s returned; its entries took %s, released %s, gave back %s',
        redemption_id, membership_id, state, remembered, available_at, expires_at, class, returned, taken,
        released, given_back) AS offender
      FROM ${redeemedLots} AS redeemed
      -- A debt takes of what is released: that the lots lack nothing else follows from the sums.
      WHERE CASE
          WHEN state IN ('RESERVED', 'CANCELLED', 'EXPIRED') THEN remembered <> taken OR released > taken
          ELSE remembered + released > taken
        END
        OR (class <> 'GRACE' AND given_back > returned)`,
  },
  {
    id: 'I8',
    name: 'stock',
    meaning:
      'The stock taken of a reward equals the units of its redemptions that are RESERVED or CAPTURED.',
    sql: `SELECT format('stock of reward %s of %s: %s taken, its redemptions have %s',
        reward_id, program_id, coalesce(taken, 0), coalesce(units, 0)) AS offender
      FROM reward_stock
      FULL JOIN (
        SELECT program_id, reward_id, sum(quantity) AS units
        FROM redemptions WHERE stock_taken AND state IN ('RESERVED', 'CAPTURED')
        GROUP BY program_id, reward_id
      ) AS standing USING (program_id, reward_id)
      WHERE coalesce(taken, 0) <> coalesce(units, 0)`,
  },
  {
    id: 'I8',
    name: 'member limits',
    meaning:
      "A member's usage of a limited reward in a period equals the units of their redemptions in that period that are RESERVED or CAPTURED.",
    sql: `SELECT format('membership %s, reward %s in %s %s: %s taken, its redemptions have %s',
        membership_id, reward_id, period, period_start, coalesce(taken, 0), coalesce(units, 0)) AS offender
      FROM reward_usage
      FULL JOIN (
        SELECT membership_id, reward_id, usage_period AS period, usage_period_start AS period_start,
          sum(quantity) AS units
        FROM redemptions WHERE usage_period IS NOT NULL AND state IN ('RESERVED', 'CAPTURED')
        GROUP BY membership_id, reward_id, usage_period, usage_period_start
      ) AS standing USING (membership_id, reward_id, period, period_start)
      WHERE coalesce(taken, 0) <> coalesce(units, 0)`,
  },
];
