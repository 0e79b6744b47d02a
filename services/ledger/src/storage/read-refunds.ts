import { instant, type Timestamp, timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import type { DbTransaction } from '@loyalty/platform/postgres/transaction.ts';
import { LostRace, type PurchaseName, type PurchaseRefund } from '../app/ledger-store.ts';
import type { LotClass, LotKey } from '../domain/lot.ts';
import type { Lapse } from '../domain/refund.ts';
import { type RefundRow, refundOf } from './earn-rows.ts';
import { lotKeyOf } from './ledger-keys.ts';
import type { OwnedLot } from './membership-rows.ts';
import { perRow } from './plan-forms.ts';

/**
 * Locks purchases for which only refunds have arrived, so that a refund and the earn can't miss each other.
 *
 * @throws {LostRace} when one of them has been credited meanwhile
 */
export async function lockAwaited(
  tx: DbTransaction,
  purchases: readonly PurchaseName[],
): Promise<void> {
  if (purchases.length === 0) return;
  const { rowCount } = await tx.query({
    name: 'lock_awaited',
    text: `SELECT 1
      FROM (
        SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) ORDER BY 1, 2
      ) AS names (program_id, transaction_id)
      CROSS JOIN LATERAL (
        SELECT 1 FROM earns
        WHERE program_id = names.program_id AND transaction_id = names.transaction_id
          AND state = 'AWAITED'
        ${perRow} FOR UPDATE
      ) AS awaited`,
    values: namesOf(purchases),
  });
  if (rowCount !== purchases.length) throw new LostRace('the purchase came a moment ago');
}

/** All refunds of the purchases, in the order in which they arrived. */
export async function readRefunds(
  tx: DbTransaction,
  purchases: readonly PurchaseName[],
): Promise<PurchaseRefund[]> {
  const { rows } = await tx.query<RefundRow>({
    name: 'read_refunds',
    text: `SELECT refunds.*
      FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[])) AS names (program_id, transaction_id)
      CROSS JOIN LATERAL (
        SELECT * FROM refunds
        WHERE program_id = names.program_id AND transaction_id = names.transaction_id ${perRow}
      ) AS refunds
      ORDER BY program_id, transaction_id, arrival`,
    values: namesOf(purchases),
  });
  return rows.map(refundOf);
}

/** What the lots lost and no refund has counted, the oldest first, by {@link lotKeyOf}. */
export async function readLapses(
  tx: DbTransaction,
  lots: readonly OwnedLot<LotKey>[],
): Promise<ReadonlyMap<string, readonly Lapse[]>> {
  if (lots.length === 0) return new Map();
  const { rows } = await tx.query<{
    membership_id: bigint;
    available_at: Timestamp;
    expires_at: Timestamp;
    class: LotClass;
    sequence: bigint;
    points: bigint;
  }>({
    name: 'read_lapses',
    text: `SELECT lapses.*
      FROM (
        SELECT DISTINCT * FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::text[])
      ) AS lots (membership_id, available_at, expires_at, class)
      CROSS JOIN LATERAL (
        SELECT membership_id, available_at, expires_at, class, sequence,
          lapsed - lapsed_refunded AS points
        FROM lapsed_lots
        WHERE membership_id = lots.membership_id AND available_at = lots.available_at
          AND expires_at = lots.expires_at AND class = lots.class
          AND lapsed > lapsed_refunded ${perRow}
      ) AS lapses
      ORDER BY sequence`,
    values: [
      lots.map(({ membershipId }) => membershipId),
      lots.map(({ availableAt }) => timestamptz(availableAt)),
      lots.map(({ expiresAt }) => timestamptz(expiresAt)),
      lots.map((lot) => lot.class),
    ],
  });
  return Map.groupBy(rows, (row) => {
    const lot = {
      availableAt: instant(row.available_at),
      expiresAt: instant(row.expires_at),
      class: row.class,
    };
    return lotKeyOf(row.membership_id, lot);
  });
}

function namesOf(purchases: readonly PurchaseName[]): [string[], string[]] {
  return [
    purchases.map(({ programId }) => programId),
    purchases.map(({ transactionId }) => transactionId),
  ];
}
