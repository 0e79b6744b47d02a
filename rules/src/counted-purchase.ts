import { countedAmounts, type Share } from './counted-amounts.ts';
import { epochMs } from './epoch-ms.ts';
import { type Fraction, whole, ZERO } from './fraction.ts';
import type { Purchase } from './language.ts';
import type { Remaining } from './remaining-purchase.ts';

/** A purchase, or what refunds left of it, as the rules count it: amounts in exact minor units. */
export interface CountedPurchase {
  readonly occurMs: number;
  readonly currencyCode: string;
  readonly amount: Fraction;
  readonly channel: string;
  /** Those with units left. */
  readonly items: readonly CountedItem[];
  /** Whether the purchase as sent lists items, even if all of them were returned. */
  readonly listsItems: boolean;
  /** Set if an item counts only its share of its amount, and nothing was returned yet. */
  readonly share: Share | undefined;
}

export interface CountedItem {
  readonly sku: string;
  readonly categories: readonly string[];
  readonly quantity: bigint;
  /** What its units count together. */
  readonly amount: Fraction;
  /** Its amount as sent. */
  readonly listed: bigint;
}

/** Counts a purchase, or what refunds left of it. */
export function countedPurchaseOf(purchase: Purchase, remaining?: Remaining): CountedPurchase {
  const counted = remaining === undefined ? countedAmounts(purchase) : undefined;
  return {
    occurMs: purchase.occurTime === undefined ? 0 : epochMs(purchase.occurTime),
    currencyCode: purchase.amount?.currencyCode ?? '',
    amount: remaining?.amount ?? whole(purchase.amount?.minorUnits ?? 0n),
    channel: purchase.channel,
    items: purchase.items.flatMap(({ sku, categories, quantity, amount }, index) => {
      const left = remaining?.items[index];
      if (left?.quantity === 0n) return [];
      return [
        {
          sku,
          categories,
          quantity: left?.quantity ?? BigInt(quantity),
          amount: left?.amount ?? counted?.items[index] ?? ZERO,
          listed: amount?.minorUnits ?? 0n,
        },
      ];
    }),
    listsItems: purchase.items.length > 0,
    share: counted?.share,
  };
}
