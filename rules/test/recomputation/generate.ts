import fc from 'fast-check';
import { type Cap, CONDITIONS, type Rule, type RuleSet } from './award.ts';
import type { Item, Money, Purchase } from './purchase.ts';

// Few names and small numbers, so that rules often meet what is bought, and limits what is given.
const SKUS = ['cab', 'brie', 'card', 'mug'];
const CATEGORIES = ['wine', 'cheese', 'gift', 'home'];
const CHANNELS = ['web', 'store'];
/** With 0, 2 and 3 decimals. */
export const CURRENCIES = ['JPY', 'USD', 'EUR', 'KWD'];
const RULES_MAX = 7;
const MINOR_UNITS_MAX = Number.MAX_SAFE_INTEGER;

/** A value in so many of 100 cases. */
function sometimes<T>(percent: number, value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof(
    { weight: 100 - percent, arbitrary: fc.constant(undefined) },
    { weight: percent, arbitrary: value },
  );
}

/** Leaves out the fields that are undefined, as JSON does. */
function present<T extends object>(record: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}

const some = (values: readonly string[], percent = 35) =>
  sometimes(percent, fc.subarray([...values], { minLength: 1, maxLength: 2 }));
const lists = fc.record({ skus: some(SKUS), categories: some(CATEGORIES) }).map(present);
const match = fc
  .record({
    skus: some(SKUS),
    categories: some(CATEGORIES),
    channels: some(CHANNELS, 15),
    exclude: sometimes(60, lists),
  })
  .map(present);
const cap: fc.Arbitrary<Cap> = fc.record({
  points: fc.integer({ min: 1, max: 400 }),
  period: fc.constantFrom('DAY', 'WEEK', 'MONTH', 'LIFETIME'),
});

function rule(currencyCode: string): fc.Arbitrary<Rule> {
  const money = (minorUnits: fc.Arbitrary<number>): fc.Arbitrary<Money> =>
    fc.record({ currencyCode: fc.constant(currencyCode), minorUnits });
  const per = money(fc.constantFrom(1, 100, 150, 300, 700, 999, 1000, 10_000));
  const points = (max: number) =>
    fc.oneof(
      { weight: 12, arbitrary: fc.integer({ min: 1, max }) },
      { weight: 1, arbitrary: fc.constant(1_000_000_000) },
    );
  const perMoney = fc.record({
    points: points(20),
    per,
    mode: fc.constantFrom('STEP' as const, 'PROPORTIONAL' as const),
  });
  const award = fc.oneof(
    { weight: 4, arbitrary: perMoney.map((rate) => ({ rate })) },
    { weight: 2, arbitrary: points(200).map((fixed) => ({ fixed: { points: fixed } })) },
    { weight: 2, arbitrary: points(200).map((each) => ({ perItem: { points: each } })) },
  );
  const factor = fc.constantFrom('0', '0.5', '0.75', '1', '1.1', '1.5', '2', '3.333', '10', '100');
  const multiplier = factor.map((value) => ({ multiplier: { factor: value } }));
  const kind = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(award, sometimes(45, fc.constantFrom('a', 'b'))) },
    { weight: 2, arbitrary: fc.tuple(multiplier, sometimes(65, fc.constant('m'))) },
  );
  const rest = fc.record({
    match: sometimes(50, match),
    condition: sometimes(20, fc.constantFrom(...conditions())),
    minimumAmount: sometimes(10, money(fc.integer({ min: 0, max: 6000 }))),
    maximumPoints: sometimes(30, fc.integer({ min: 1, max: 250 })),
    cap: sometimes(35, cap),
  });
  return fc.tuple(kind, rest).map(([[given, group], others]) =>
    present<Rule>({
      ruleId: '',
      displayName: '',
      ...given,
      ...others,
      exclusiveGroup: group,
    }),
  );
}

const conditions = () => Object.keys(CONDITIONS) as (keyof typeof CONDITIONS)[];

export function ruleSets(currencyCode: string): fc.Arbitrary<RuleSet> {
  const anyRule = fc.oneof(
    { weight: 12, arbitrary: rule(currencyCode) },
    { weight: 1, arbitrary: fc.constantFrom(...CURRENCIES).chain(rule) },
  );
  return fc
    .record({
      rounding: fc.constantFrom<RuleSet['rounding'][]>('FLOOR', 'HALF_UP', 'HALF_EVEN', 'CEILING'),
      earnRules: fc.array(anyRule, { minLength: 1, maxLength: RULES_MAX, size: 'max' }).map((all) =>
        all.map((one, index) => ({
          ...one,
          ruleId: `rule-${index}`,
          displayName: index % 3 === 0 ? '' : `Rule ${index}`,
        })),
      ),
      maximumPoints: sometimes(20, fc.integer({ min: 1, max: 800 })),
      cap: sometimes(25, cap),
    })
    .map((set) => present<RuleSet>(set));
}

/** How the amount compares with the sum of the items. */
const relation = fc.constantFrom(
  'LESS',
  'LESS',
  'EQUAL',
  'EQUAL',
  'MORE',
  'MORE',
  'FREE',
  'ANY',
  'HUGE',
);

export function purchases(currencyCode: string): fc.Arbitrary<Purchase> {
  const minorUnits = fc.oneof(
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 9 }) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 50 }).map((hundreds) => hundreds * 100) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 9999 }) },
  );
  const item = fc.record({
    sku: fc.constantFrom('', ...SKUS),
    categories: fc.subarray(CATEGORIES, { maxLength: 3 }),
    quantity: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 5 })),
    amount: fc.record({ currencyCode: fc.constant(currencyCode), minorUnits }),
  });
  return fc
    .record({
      occurTime: fc.constantFrom(...TIMES),
      channel: fc.constantFrom('', ...CHANNELS),
      items: fc.array(item, { maxLength: 5, size: 'max' }),
      relation,
      other: fc.integer({ min: 0, max: 9999 }),
    })
    .map(({ items, relation: how, other, ...rest }) => ({
      transactionId: 'order-1',
      ...rest,
      amount: { currencyCode, minorUnits: amountOf(items, how, other) },
      items: items.map((one, index): Item => ({ itemId: `item-${index}`, ...one })),
    }));
}

const TIMES = ['2026-03-01T23:59:59.999Z', '2026-03-02T00:00:00Z', '2026-03-31T12:00:00Z'];

function amountOf(items: readonly Omit<Item, 'itemId'>[], how: string, other: number): number {
  const sum = items.reduce((total, { amount }) => total + amount.minorUnits, 0);
  switch (how) {
    case 'LESS':
      return sum + other;
    case 'EQUAL':
      return sum;
    case 'MORE':
      return Math.floor((sum * other) / 10_000);
    case 'FREE':
      return 0;
    case 'HUGE':
      return MINOR_UNITS_MAX - other;
    default:
      return other;
  }
}

/** A return in words that fit whatever is left, as series of them depend on the steps before. */
export type Step =
  | { readonly kind: 'FULL' }
  | { readonly kind: 'AMOUNT'; readonly of: 'NOTHING' | 'ONE' | 'ALL' | 'BEYOND' | number }
  | { readonly kind: 'ITEMS'; readonly of: readonly ItemStep[] };

/** Some units of the item at an index, taken modulo the number of items. */
export interface ItemStep {
  readonly index: number;
  readonly units: 'ONE' | 'ALL' | 'BEYOND' | 'UNKNOWN';
}

const itemStep: fc.Arbitrary<ItemStep> = fc.record({
  index: fc.nat({ max: 4 }),
  units: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom('ONE' as const, 'ALL' as const) },
    { weight: 1, arbitrary: fc.constantFrom('BEYOND' as const, 'UNKNOWN' as const) },
  ),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('FULL' as const) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('AMOUNT' as const),
      of: fc.oneof(
        // Of 1000 parts of what is left.
        { weight: 3, arbitrary: fc.nat({ max: 1000 }) },
        { weight: 2, arbitrary: fc.constantFrom('NOTHING', 'ONE', 'ALL', 'BEYOND') },
      ),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('ITEMS' as const),
      of: fc.array(itemStep, { minLength: 1, maxLength: 3 }),
    }),
  },
);

/** Returns, and whether all units and then all that is left come back after them. */
export interface Series {
  readonly steps: readonly Step[];
  readonly isCompleted: boolean;
}

export const series: fc.Arbitrary<Series> = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 6, size: 'max' }),
  isCompleted: fc.boolean(),
});

/** How much of each cap is used up before, in hundredths, one for each rule and the last for the rule set. */
export const usedHundredths = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 110 })), {
  minLength: RULES_MAX + 1,
  maxLength: RULES_MAX + 1,
});
