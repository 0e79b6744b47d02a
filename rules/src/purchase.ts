import { epochMs } from './epoch-ms.ts';
import { type Fraction, whole } from './fraction.ts';
import type { Transaction } from './language.ts';
import type { Remaining } from './remaining-transaction.ts';

/** A transaction, or what refunds left of it, as the rules count it: amounts in exact minor units. */
export interface Purchase {
  readonly occurMs: number;
  readonly currencyCode: string;
  readonly amount: Fraction;
  readonly channel: string;
  readonly items: readonly PurchaseItem[];
}

export interface PurchaseItem {
  readonly sku: string;
  readonly categories: readonly string[];
  readonly quantity: bigint;
  readonly amount: Fraction;
}

export function purchaseOf(transaction: Transaction, remaining?: Remaining): Purchase {
  return {
    occurMs: transaction.occurTime === undefined ? 0 : epochMs(transaction.occurTime),
    currencyCode: transaction.amount?.currencyCode ?? '',
    amount: remaining?.amount ?? whole(transaction.amount?.minorUnits ?? 0n),
    channel: transaction.channel,
    items: remaining === undefined ? itemsOf(transaction) : itemsLeft(transaction, remaining),
  };
}

function itemsOf(transaction: Transaction): PurchaseItem[] {
  return transaction.items.map(({ sku, categories, quantity, amount }) => ({
    sku,
    categories,
    quantity: BigInt(quantity),
    amount: whole(amount?.minorUnits ?? 0n),
  }));
}

function itemsLeft(transaction: Transaction, { items }: Remaining): PurchaseItem[] {
  return transaction.items.flatMap(({ itemId, sku, categories }) => {
    const left = items.get(itemId);
    if (left === undefined || left.quantity === 0n) return [];
    return [{ sku, categories, quantity: left.quantity, amount: left.amount }];
  });
}
