// Files of generated purchases in all the ways in which shops write them.

/** What stands in one line. */
export interface Purchase {
  readonly userId: string;
  /** `2025-01-31` */
  readonly date: string;
  readonly quantity: number;
  readonly cents: number;
}

/** The same numbers below `end` for the same seed (the generator mulberry32). */
export function createRandom(seed: number): (end: number) => number {
  let state = seed;
  return (end) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  };
}

/** Purchases of a few hundred users. Several are exactly equal. */
export function generatePurchases(count: number, { seed }: { seed: number }): Purchase[] {
  const below = createRandom(seed);
  const twoDigits = (number: number) => String(number).padStart(2, '0');
  return Array.from({ length: count }, () => ({
    userId: `user-${below(400)}`,
    date: `2025-${twoDigits(1 + below(12))}-${twoDigits(1 + below(28))}`,
    quantity: 1 + below(4),
    // A popular price now and then.
    cents: below(5) === 0 ? 999 : below(20_000),
  }));
}

/** The items in a random order, which the seed determines. */
export function shuffled<Item>(items: readonly Item[], { seed }: { seed: number }): Item[] {
  const below = createRandom(seed);
  return items
    .map((item) => ({ item, place: below(2 ** 31) }))
    .toSorted((left, right) => left.place - right.place)
    .map(({ item }) => item);
}

/** How a file is written. */
export interface Writing {
  readonly separator?: string;
  readonly decimal?: string;
  readonly lineEnd?: string;
  readonly quote?: string;
}

const header = ['user_id', 'purchase_date', 'quantity', 'amount_usd'];

export function csvOf(
  purchases: readonly Purchase[],
  { separator = ',', decimal = '.', lineEnd = '\n', quote = '' }: Writing = {},
): string {
  const rows = purchases.map(({ userId, date, quantity, cents }) => [
    userId,
    date,
    String(quantity),
    `${Math.floor(cents / 100)}${decimal}${String(cents % 100).padStart(2, '0')}`,
  ]);
  return [header, ...rows]
    .map((fields) => fields.map((field) => quote + field + quote).join(separator) + lineEnd)
    .join('');
}

/** The points that each user gets for purchases, where each whole dollar of a purchase is one. */
export function pointsOf(purchases: readonly Purchase[]): Map<string, number> {
  const points = new Map<string, number>();
  for (const { userId, cents } of purchases) {
    points.set(userId, (points.get(userId) ?? 0) + Math.floor(cents / 100));
  }
  return points;
}
