import type { QueryConfig } from 'pg';
import type { LedgerReader } from '../app/ledger-store.ts';
import { type EarnRow, earnOf, type RefundRow, refundOf } from './earn-rows.ts';
import { perRow } from './plan-forms.ts';
import type { Read } from './read.ts';
import { type RedemptionRow, redemptionOf } from './redemption-rows.ts';

/** Reads of any number of rows by their keys, each key once. */
export function readsById(
  read: Read,
): Pick<LedgerReader, 'earnsById' | 'refundsById' | 'redemptionsById'> {
  return {
    async earnsById(query) {
      if (query.transactionIds.length === 0) return [];
      return (await read<EarnRow>(readEarnsById(query))).map(earnOf);
    },

    async refundsById(query) {
      if (query.refunds.length === 0) return [];
      return (await read<RefundRow>(readRefundsById(query))).map(refundOf);
    },

    async redemptionsById(redemptions) {
      if (redemptions.length === 0) return [];
      return (await read<RedemptionRow>(readRedemptionsById(redemptions))).map(redemptionOf);
    },
  };
}

function readEarnsById({
  programId,
  transactionIds,
}: Parameters<LedgerReader['earnsById']>[0]): QueryConfig {
  return {
    name: 'read_earns_by_id',
    text: `SELECT earns.* FROM unnest($1::text[]) AS asked (transaction_id)
      CROSS JOIN LATERAL (
        SELECT * FROM earns
        WHERE program_id = $2 AND transaction_id = asked.transaction_id
          AND membership_id IS NOT NULL ${perRow}
      ) AS earns`,
    values: [[...new Set(transactionIds)], programId],
  };
}

function readRefundsById({
  programId,
  refunds,
}: Parameters<LedgerReader['refundsById']>[0]): QueryConfig {
  return {
    name: 'read_refunds_by_id',
    text: `SELECT refunds.* FROM unnest($1::text[], $2::text[]) AS asked (transaction_id, refund_id)
      CROSS JOIN LATERAL (
        SELECT * FROM refunds
        WHERE program_id = $3 AND transaction_id = asked.transaction_id
          AND refund_id = asked.refund_id ${perRow}
      ) AS refunds`,
    values: [
      refunds.map(({ transactionId }) => transactionId),
      refunds.map(({ refundId }) => refundId),
      programId,
    ],
  };
}

export function readRedemptionsById(
  redemptions: Parameters<LedgerReader['redemptionsById']>[0],
): QueryConfig {
  const unique = new Map(
    redemptions.map((each) => [`${each.membershipId}\0${each.redemptionId}`, each]),
  );
  const asked = [...unique.values()];
  return {
    name: 'read_redemptions_by_id',
    text: `SELECT redemptions.*
      FROM unnest($1::bigint[], $2::text[]) AS asked (membership_id, redemption_id)
      CROSS JOIN LATERAL (
        SELECT * FROM redemptions
        WHERE membership_id = asked.membership_id AND redemption_id = asked.redemption_id ${perRow}
      ) AS redemptions`,
    values: [
      asked.map(({ membershipId }) => membershipId),
      asked.map(({ redemptionId }) => redemptionId),
    ],
  };
}
