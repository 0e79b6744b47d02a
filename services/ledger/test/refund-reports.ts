import { randomUUID } from 'node:crypto';
import type { MovingSetting } from './moving-clock.ts';
import { checkout, purchase, secondsAndNanos } from './running-ledger.ts';

export interface Member {
  programId: string;
  userId: string;
}

interface Item {
  itemId: string;
  sku: string;
  quantity: number;
  amount: ReturnType<typeof usd>;
}

type Transaction = ReturnType<typeof purchase> & { items?: Item[] };

export const usd = (minorUnits: bigint) => ({ currencyCode: 'USD', minorUnits });

export const full = { case: 'full', value: {} } as const;

export const amount = (minorUnits: bigint) => ({ case: 'amount', value: usd(minorUnits) }) as const;

export const items = (...units: { itemId: string; quantity: number }[]) =>
  ({ case: 'items', value: { items: units } }) as const;

export type Extent = typeof full | ReturnType<typeof amount> | ReturnType<typeof items>;

/** Reports purchases and their refunds as a backend does. */
export function reportsTo(setting: () => MovingSetting) {
  return {
    /** A purchase of `dollars` US dollars, now. */
    purchaseNow(dollars: number): Transaction {
      return purchase(dollars * 100, { occurTime: secondsAndNanos(setting().now()) });
    },

    async earn(member: Member, transaction: Transaction) {
      const answer = await setting().clients.ledger.earn({ ...member, transaction }, checkout);
      return { programId: member.programId, transactionId: transaction.transactionId, answer };
    },

    refund(
      { programId, transactionId }: { programId: string; transactionId: string },
      extent: Extent,
      refundId: string = randomUUID(),
    ) {
      const request = { programId, transactionId, refundId, extent };
      return setting().clients.ledger.reverseEarn(request, checkout);
    },
  };
}
