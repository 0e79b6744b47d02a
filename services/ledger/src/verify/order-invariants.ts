import type { SqlInvariant } from './invariant.ts';
import { lotMovements } from './lot-movements.ts';
import { redeemedLots } from './redeemed-lots.ts';

/*
 * Lots in the order in which they are spent: by expiry, maturity, class. The date of INACTIVITY lots is the
 * membership's and moves, so that nobody can tell afterwards which other lots they went before; among themselves they
 * go by maturity, always.
 */

/** I6: who takes points leaves nothing in lots that had to go first. */
export const orderInvariants: readonly SqlInvariant[] = [
  {
    id: 'I6',
    name: 'consumption order',
    meaning:
      "Spending, holding, debiting or refunding points leaves nothing in a lot that had to go first: by expiry, maturity, class (a refund takes from its earn's own lot before; INACTIVITY lots, whose date moves, are only compared with each other).",
    // Each lot has a place in the order in which they go, and what an entry left before a place is a sum of blocks: before
    // place 6, 110 in binary, are the four places from 0 and the two from 4. So each movement counts in one block of each
    // size at most, and no entry has to look at every lot there is.
    sql: `SELECT format('membership %s, entry %s: took from the lot (%s, %s, %s) and left %s in lots that go first',
        membership_id, sequence, available_at, expires_at, class, sum(remaining)) AS offender
      FROM (
        SELECT *, sum(points) FILTER (WHERE NOT asks) OVER (
            PARTITION BY membership_id, idle, size, block ORDER BY time, sequence, asks
          ) AS remaining
        FROM (
          SELECT ranged.*, size, (place >> size) & ~1::bigint AS block, (place >> size) & 1 = 1 AS asks
          FROM (
            SELECT *, max(place) FILTER (WHERE in_order) OVER (PARTITION BY membership_id, idle) AS last_place
            FROM (
              SELECT moved.*, class = 'INACTIVITY' AS idle,
                -- Points count once they have matured.
                greatest(create_time, available_at) AS time,
                dense_rank() OVER (
                  PARTITION BY membership_id, class = 'INACTIVITY' ORDER BY expires_at, available_at, class
                ) - 1 AS place,
                points < 0 AND own_lot IS NULL AND kind IN ('RESERVE', 'CAPTURE', 'ADJUST', 'REFUND') AS in_order
              FROM ${lotMovements} AS moved
              JOIN entries USING (membership_id, sequence)
              LEFT JOIN (
                SELECT entries.membership_id, entries.sequence, earns.available_at, earns.expires_at,
                  lot_class AS class, true AS own_lot
                FROM entries
                JOIN memberships USING (membership_id)
                JOIN earns ON earns.program_id = memberships.program_id
                  AND earns.transaction_id = entries.transaction_id COLLATE "C"
                WHERE kind = 'REFUND'
              ) AS refunded USING (membership_id, sequence, available_at, expires_at, class)
            ) AS placed
          ) AS ranged
          CROSS JOIN LATERAL generate_series(0, ceil(log(2, greatest(last_place, 1)))::integer) AS size
          WHERE last_place > 0 AND (in_order OR (place >> size) & 1 = 0)
        ) AS counted
      ) AS summed
      WHERE asks AND remaining > 0
      GROUP BY membership_id, sequence, available_at, expires_at, class`,
  },
  {
    id: 'I6',
    name: 'redemption order',
    meaning:
      'When a hold is captured in part, the lots that go first are spent and the others released; a debt is paid from the released lots that go first; reversals give back to the lots that go last (INACTIVITY lots are only compared with each other).',
    sql: `SELECT format(
        'redemption %s of membership %s, lot (%s, %s, %s): spent %s of %s, released %s, returned %s; a lot that goes before it was to be treated first',
        redemption_id, membership_id, available_at, expires_at, class, spent, taken, released, returned) AS offender
      FROM (
        SELECT *, bool_or(spent < taken) OVER earlier AS spared_before,
          bool_or(released > 0) OVER earlier AS released_before,
          bool_or(returned > 0) OVER earlier AS returned_before
        FROM ${redeemedLots} AS redeemed
        WINDOW earlier AS (
          PARTITION BY membership_id, redemption_id, class = 'INACTIVITY'
          ORDER BY expires_at, available_at, class
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
      ) AS compared
      WHERE (spared_before AND spent > 0)
        OR (released_before AND released < taken - spent)
        OR (returned_before AND returned < spent)`,
  },
];
