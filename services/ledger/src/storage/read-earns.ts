import type { QueryConfig } from 'pg';
import type { LedgerReader, PurchaseName } from '../app/ledger-store.ts';
import { aboveAllIds } from './column-values.ts';
import { type EarnRow, earnOf, type RefundRow, refundOf } from './earn-rows.ts';
import { perRow } from './plan-forms.ts';
import type { Read } from './read.ts';

/** Reads of earns, and of the refunds of their purchases. */
export function earnReads(
  read: Read,
): Pick<LedgerReader, 'earn' | 'earns' | 'refundsOf' | 'waitingRefunds'> {
  return {
    async earn(name) {
      const [row] = await read<EarnRow & { user_id: string }>(readEarn(name));
      return row === undefined ? undefined : { ...earnOf(row), userId: row.user_id };
    },

    async earns(query) {
      return (await read<EarnRow>(readEarnsOfMembership(query))).map(earnOf);
    },

    async refundsOf(name) {
      return (await read<RefundRow>(readRefundsOfPurchase(name))).map(refundOf);
    },

    async waitingRefunds(query) {
      return (await read<RefundRow>(readWaitingRefunds(query))).map(refundOf);
    },
  };
}

function readEarn({ programId, transactionId }: PurchaseName): QueryConfig {
  return {
    name: 'read_earn',
    text: `SELECT earns.*, (
        SELECT user_id FROM memberships WHERE membership_id = earns.membership_id
      ) AS user_id
      FROM earns
      WHERE program_id = $1 AND transaction_id = $2 AND membership_id IS NOT NULL`,
    values: [programId, transactionId],
  };
}

function readEarnsOfMembership({
  membershipId,
  limit,
  after,
}: Parameters<LedgerReader['earns']>[0]): QueryConfig {
  // The journal has a member's earns in order; the key of an earn itself is its purchase.
  return {
    name: 'read_earns_of_membership',
    text: `SELECT earns.*
      FROM (
        SELECT sequence, transaction_id FROM entries
        WHERE membership_id = $1 AND kind = 'EARN' AND sequence < $2
        ORDER BY sequence DESC LIMIT $3
      ) AS entries
      CROSS JOIN LATERAL (
        SELECT * FROM earns
        WHERE program_id = (SELECT program_id FROM memberships WHERE membership_id = $1)
          AND transaction_id = entries.transaction_id ${perRow}
      ) AS earns
      ORDER BY entries.sequence DESC`,
    values: [membershipId, after ?? aboveAllIds, limit],
  };
}

function readRefundsOfPurchase({ programId, transactionId }: PurchaseName): QueryConfig {
  return {
    name: 'read_refunds_of_transaction',
    text: `SELECT * FROM refunds WHERE program_id = $1 AND transaction_id = $2
      ORDER BY arrival`,
    values: [programId, transactionId],
  };
}

function readWaitingRefunds({
  programId,
  limit,
  after,
}: Parameters<LedgerReader['waitingRefunds']>[0]): QueryConfig {
  return {
    name: 'read_waiting_refunds',
    text: `SELECT * FROM refunds
      WHERE state = 'WAITING' AND program_id = $1 AND (transaction_id, refund_id) > ($2, $3)
      ORDER BY transaction_id, refund_id LIMIT $4`,
    values: [programId, after?.transactionId ?? '', after?.refundId ?? '', limit],
  };
}
