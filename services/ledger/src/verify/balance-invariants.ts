import { POINTS_MAX } from '@loyalty/rules/language.ts';
import type { SqlInvariant } from './invariant.ts';
import { lotMovements } from './lot-movements.ts';

/** I1 and I2: what the ledger says that members have. */
export const balanceInvariants: readonly SqlInvariant[] = [
  {
    id: 'I1',
    name: 'balances',
    meaning:
      "A membership's available, pending, reserved and deficit are the sums of its entries' changes.",
    sql: `SELECT format(
        'membership %s: available, pending, reserved, deficit are %s, its entries sum to %s',
        membership_id,
        (cached.available, cached.pending, cached.reserved, cached.deficit),
        (summed.available, summed.pending, summed.reserved, summed.deficit)
      ) AS offender
      FROM memberships AS cached
      FULL JOIN (
        SELECT membership_id, sum(available) AS available, sum(pending) AS pending,
          sum(reserved) AS reserved, sum(deficit) AS deficit
        FROM entries GROUP BY membership_id
      ) AS summed USING (membership_id)
      WHERE (cached.available, cached.pending, cached.reserved, cached.deficit)
        IS DISTINCT FROM (summed.available, summed.pending, summed.reserved, summed.deficit)`,
  },
  {
    id: 'I1',
    name: 'lots',
    meaning:
      'The lots that had matured by the last entry hold the available points, the others the pending ones.',
    sql: `SELECT format(
        'membership %s: available, pending are %s, its lots hold %s',
        membership_id, (available, pending), (matured, maturing)
      ) AS offender
      FROM memberships
      FULL JOIN (
        SELECT membership_id,
          coalesce(sum(remaining) FILTER (WHERE available_at <= last_entry_time), 0) AS matured,
          coalesce(sum(remaining) FILTER (WHERE available_at > last_entry_time), 0) AS maturing
        FROM lots LEFT JOIN memberships USING (membership_id)
        GROUP BY membership_id
      ) AS held USING (membership_id)
      WHERE (available, pending) IS DISTINCT FROM (coalesce(matured, 0), coalesce(maturing, 0))`,
  },
  {
    id: 'I1',
    name: 'lot contents',
    meaning: 'Each lot holds what earns and allocations gave it, less what allocations took.',
    sql: `SELECT format(
        'membership %s, lot (%s, %s, %s): holds %s, its movements sum to %s',
        membership_id, available_at, expires_at, class, coalesce(remaining, 0), coalesce(moved.points, 0)
      ) AS offender
      FROM lots
      FULL JOIN (
        SELECT membership_id, available_at, expires_at, class, sum(points) AS points
        FROM ${lotMovements} AS movements
        GROUP BY membership_id, available_at, expires_at, class
      ) AS moved USING (membership_id, available_at, expires_at, class)
      WHERE coalesce(remaining, 0) <> coalesce(moved.points, 0)`,
  },
  {
    id: 'I1',
    name: 'lapsed lots',
    meaning:
      'A lapsed lot records what its EXPIRE and FORFEIT entries took, and how much of that refunds counted.',
    sql: `SELECT format(
        'membership %s, lot (%s, %s, %s): lapsed, lapsed_refunded are %s, entries and refunds say %s',
        membership_id, available_at, expires_at, class,
        (lost.lapsed, lapsed_refunded), (taken.points, refunded.points)
      ) AS offender
      FROM (
        SELECT membership_id, available_at, expires_at, class,
          sum(lapsed) AS lapsed, sum(lapsed_refunded) AS lapsed_refunded
        FROM lapsed_lots
        GROUP BY membership_id, available_at, expires_at, class
      ) AS lost
      FULL JOIN (
        SELECT membership_id, available_at, expires_at, class, -sum(points) AS points
        FROM allocations JOIN entries USING (membership_id, sequence)
        WHERE kind IN ('EXPIRE', 'FORFEIT')
        GROUP BY membership_id, available_at, expires_at, class
      ) AS taken USING (membership_id, available_at, expires_at, class)
      FULL JOIN (
        SELECT membership_id, available_at, expires_at, lot_class AS class, sum(lapsed) AS points
        FROM refunds JOIN earns USING (program_id, transaction_id)
        WHERE lapsed > 0
        GROUP BY membership_id, available_at, expires_at, lot_class
      ) AS refunded USING (membership_id, available_at, expires_at, class)
      WHERE (coalesce(lost.lapsed, 0), coalesce(lapsed_refunded, 0))
        <> (coalesce(taken.points, 0), coalesce(refunded.points, 0))`,
  },
  {
    id: 'I1',
    name: 'lifetime totals',
    meaning:
      "Lifetime totals equal what earns gave net of refunds, what redemptions' entries spent, and what EXPIRE entries took, up to the points limit.",
    sql: `SELECT format(
        'membership %s: lifetime earned, redeemed, expired are %s, the records say %s',
        membership_id, (lifetime_earned, lifetime_redeemed, lifetime_expired),
        (coalesce(earned, 0), coalesce(redeemed, 0), least(coalesce(expired, 0), ${POINTS_MAX}))
      ) AS offender
      FROM memberships
      LEFT JOIN (
        SELECT membership_id, sum(points - reversed_points) AS earned
        FROM earns GROUP BY membership_id
      ) AS earned USING (membership_id)
      LEFT JOIN (
        SELECT membership_id,
          -sum(available + pending + reserved - deficit) FILTER (WHERE redemption_id IS NOT NULL) AS redeemed,
          -sum(available + pending) FILTER (WHERE kind = 'EXPIRE') AS expired
        FROM entries GROUP BY membership_id
      ) AS spent USING (membership_id)
      WHERE (lifetime_earned, lifetime_redeemed, lifetime_expired)
        <> (coalesce(earned, 0), coalesce(redeemed, 0), least(coalesce(expired, 0), ${POINTS_MAX}))`,
  },
  {
    id: 'I1',
    name: 'deficit first',
    meaning: 'A member who owes points has none available.',
    sql: `SELECT format('membership %s: owes %s and has %s available', membership_id, deficit, available)
        AS offender
      FROM memberships WHERE deficit > 0 AND available <> 0`,
  },
  {
    id: 'I1',
    name: 'left',
    meaning: 'A member who left has no points: none available, pending or reserved.',
    sql: `SELECT format('membership %s: is LEFT and has available, pending, reserved %s', membership_id,
        (available, pending, reserved)) AS offender
      FROM memberships WHERE state = 'LEFT' AND available + pending + reserved > 0`,
  },
  {
    id: 'I1',
    name: 'members',
    meaning: 'Each user of a program has one membership, with the same program and user.',
    sql: `SELECT format('user %s of %s: membership %s', user_id, program_id,
        coalesce(member_ids.membership_id, memberships.membership_id)) AS offender
      FROM member_ids
      FULL JOIN (
        SELECT membership_id, program_id, user_id COLLATE "C" AS user_id FROM memberships
      ) AS memberships USING (program_id, user_id)
      WHERE member_ids.membership_id IS DISTINCT FROM memberships.membership_id`,
  },
  {
    id: 'I2',
    name: 'never negative',
    meaning:
      'No balance, lot, total or counter is below zero, and no more was given back than was given.',
    sql: `SELECT format('membership %s: %s', membership_id, (available, pending, reserved, deficit,
          lifetime_earned, lifetime_redeemed, lifetime_expired)) AS offender
      FROM memberships
      WHERE least(available, pending, reserved, deficit,
        lifetime_earned, lifetime_redeemed, lifetime_expired) < 0
      UNION ALL
      SELECT format('membership %s, lot (%s, %s, %s): %s',
        membership_id, available_at, expires_at, class, remaining)
      FROM lots WHERE remaining < 0
      UNION ALL
      SELECT format('membership %s, lapsed lot (%s, %s, %s): %s of %s refunded',
        membership_id, available_at, expires_at, class, lapsed_refunded, lapsed)
      FROM lapsed_lots WHERE lapsed_refunded NOT BETWEEN 0 AND lapsed
      UNION ALL
      SELECT format('transaction %s of %s: %s of %s points reversed',
        transaction_id, program_id, reversed_points, points)
      FROM earns WHERE reversed_points NOT BETWEEN 0 AND points
      UNION ALL
      SELECT format('refund %s of transaction %s of %s: %s', refund_id, transaction_id, program_id,
        (points, taken, lapsed, owed, forgiven))
      FROM refunds WHERE least(points, taken, lapsed, owed, forgiven) < 0
      UNION ALL
      SELECT format('redemption %s of membership %s: %s of %s points reversed, quantity %s',
        redemption_id, membership_id, reversed_points, points, quantity)
      FROM redemptions WHERE reversed_points NOT BETWEEN 0 AND points OR quantity < 0
      UNION ALL
      SELECT format('stock of reward %s of %s: %s taken', reward_id, program_id, taken)
      FROM reward_stock WHERE taken < 0
      UNION ALL
      SELECT format('membership %s, usage of reward %s in %s %s: %s taken',
        membership_id, reward_id, period, period_start, taken)
      FROM reward_usage WHERE taken < 0
      UNION ALL
      SELECT format('membership %s, cap of rule %s in %s %s: %s points',
        membership_id, rule_id, period, period_start, points)
      FROM cap_usage WHERE points < 0`,
  },
  {
    id: 'I2',
    name: 'never was negative',
    meaning: 'No balance was below zero after any entry of a journal.',
    sql: `SELECT format('membership %s, entry %s: available, pending, reserved, deficit were %s',
        membership_id, sequence, (available, pending, reserved, deficit)) AS offender
      FROM (
        SELECT membership_id, sequence,
          sum(available) OVER journal AS available, sum(pending) OVER journal AS pending,
          sum(reserved) OVER journal AS reserved, sum(deficit) OVER journal AS deficit
        FROM entries WINDOW journal AS (PARTITION BY membership_id ORDER BY sequence)
      ) AS running
      WHERE least(available, pending, reserved, deficit) < 0`,
  },
];
