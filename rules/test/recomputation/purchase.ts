import {
  atMost,
  down,
  type Exact,
  exact,
  isAbove,
  isZero,
  minus,
  ONE,
  over,
  plus,
  sum,
  times,
  up,
  ZERO,
} from './exact.ts';

export interface Money {
  readonly currencyCode: string;
  readonly minorUnits: number;
}

/** A transaction as the API's JSON has it. */
export interface Purchase {
  readonly transactionId: string;
  readonly occurTime: string;
  readonly amount: Money;
  readonly items: readonly Item[];
  readonly channel: string;
}

export interface Item {
  readonly itemId: string;
  readonly sku: string;
  readonly categories: readonly string[];
  readonly quantity: number;
  readonly amount: Money;
}

/** What is left of a purchase: the money that belongs to no item, and what each item counts. Items keep their order. */
export interface Left {
  readonly rest: Exact;
  readonly items: readonly ItemLeft[];
  readonly isFullyReturned: boolean;
}

export interface ItemLeft {
  readonly item: Item;
  /** In minor units. */
  readonly counts: Exact;
  readonly units: bigint;
}

export type Return =
  | { readonly kind: 'FULL' }
  | { readonly kind: 'AMOUNT'; readonly minorUnits: number }
  | {
      readonly kind: 'ITEMS';
      readonly items: readonly { readonly itemId: string; readonly quantity: number }[];
    };

/** A purchase before any return. Items that sum to more than was paid count their shares of it. */
export function wholePurchase({ amount, items }: Purchase): Left {
  const paid = exact(amount.minorUnits);
  const sent = sum(items.map((item) => exact(item.amount.minorUnits)));
  const share = isAbove(sent, paid) ? over(paid, sent) : ONE;
  return {
    rest: minus(paid, atMost(sent, paid)),
    items: items.map((item) => ({
      item,
      counts: times(exact(item.amount.minorUnits), share),
      units: BigInt(item.quantity),
    })),
    isFullyReturned: false,
  };
}

export const moneyOf = (items: readonly ItemLeft[]) => sum(items.map(({ counts }) => counts));
export const amountLeft = ({ rest, items }: Left) => plus(rest, moneyOf(items));

/** What one more return leaves, or that it asks for more than is left. */
export function afterReturn(purchase: Purchase, left: Left, part: Return): Left | 'EXCEEDS' {
  const next = taken(left, part);
  if (next === 'EXCEEDS' || next === left) return next;
  const leavesNoMoney = purchase.amount.minorUnits > 0 && isZero(amountLeft(next));
  const itemsWereAll = purchase.items.length > 0 && isZero(wholePurchase(purchase).rest);
  const leavesNoUnit = next.items.every(({ units }) => units === 0n);
  const isFullyReturned =
    left.isFullyReturned || part.kind === 'FULL' || leavesNoMoney || (itemsWereAll && leavesNoUnit);
  return { ...next, isFullyReturned };
}

function taken(left: Left, part: Return): Left | 'EXCEEDS' {
  switch (part.kind) {
    case 'FULL':
      return {
        ...left,
        rest: ZERO,
        items: left.items.map(({ item }) => ({ item, counts: ZERO, units: 0n })),
      };
    case 'AMOUNT':
      return amountTaken(left, part.minorUnits);
    case 'ITEMS':
      return unitsTaken(left, new Map(part.items.map((one) => [one.itemId, one.quantity])));
  }
}

function amountTaken(left: Left, minorUnits: number): Left | 'EXCEEDS' {
  if (minorUnits === 0) return left;
  const [asked, before, ofItems] = [exact(minorUnits), amountLeft(left), moneyOf(left.items)];
  if (isAbove(asked, exact(up(before)))) return 'EXCEEDS';
  const difference = minus(before, asked);
  const after = isAbove(ONE, difference) ? ZERO : difference;
  // The rest goes first: items keep what they count until it is gone.
  const staysOfItems = atMost(ofItems, after);
  const share = isZero(ofItems) ? ONE : over(staysOfItems, ofItems);
  return {
    ...left,
    rest: minus(after, staysOfItems),
    items: left.items.map((one) => ({ ...one, counts: times(one.counts, share) })),
  };
}

function unitsTaken(left: Left, asked: ReadonlyMap<string, number>): Left | 'EXCEEDS' {
  const found = left.items.filter(({ item }) => asked.has(item.itemId));
  const items = left.items.map(({ item, counts, units }) => {
    const stay = units - BigInt(asked.get(item.itemId) ?? 0);
    return { item, counts: stay > 0n ? times(counts, exact(stay, units)) : ZERO, units: stay };
  });
  if (found.length < asked.size || items.some(({ units }) => units < 0n)) return 'EXCEEDS';
  return { ...left, items };
}

/** What conditions see, in whole minor units and units. */
export interface Seen {
  readonly amount: bigint;
  readonly items: readonly {
    readonly sku: string;
    readonly quantity: bigint;
    readonly amount: bigint;
  }[];
}

export function seen(purchase: Purchase, left: Left): Seen {
  const counted = wholePurchase(purchase).items;
  const items = left.items.map(({ item, counts, units }, index) => {
    const first = counted[index]?.counts ?? ZERO;
    const part = isZero(first) ? exact(units, item.quantity) : over(counts, first);
    const amount = down(times(exact(item.amount.minorUnits), part));
    return { sku: item.sku, quantity: units, amount };
  });
  return { amount: down(amountLeft(left)), items: items.filter(({ quantity }) => quantity > 0n) };
}
