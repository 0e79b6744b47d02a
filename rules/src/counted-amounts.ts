import { type Fraction, fraction, whole, ZERO } from './fraction.ts';
import type { Purchase } from './language.ts';

/** How a paid amount spreads over what was bought. Exact, in minor units; together they are the amount. */
export interface CountedAmounts {
  /** What each item counts, in the purchase's order. */
  readonly items: readonly Fraction[];
  /** What belongs to no item: shipping, tax, and anything else that isn't listed. */
  readonly rest: Fraction;
  /** Set where the items sum to more than was paid, so that each counts its share only. */
  readonly share: Share | undefined;
}

/** The share of each amount on an item that counts: `paid` ÷ `listed`. */
export interface Share {
  readonly paid: bigint;
  readonly listed: bigint;
}

/**
 * What the items of a purchase count, for awards and returns alike. Each counts its amount as sent, unless all together
 * are more than was paid (an order's coupon, points as part payment): then each counts its share. So no rule counts more
 * money than was paid, and returning every item returns all that the items count.
 */
export function countedAmounts({ amount, items }: Purchase): CountedAmounts {
  const paid = amount?.minorUnits ?? 0n;
  const amounts = items.map((item) => item.amount?.minorUnits ?? 0n);
  const listed = amounts.reduce((sum, each) => sum + each, 0n);
  if (listed <= paid)
    return { items: amounts.map(whole), rest: whole(paid - listed), share: undefined };
  return {
    items: amounts.map((each) => fraction(each * paid, listed)),
    rest: ZERO,
    share: { paid, listed },
  };
}
