import { describe, expect, test } from '@jest/globals';
import { afterReevaluation, type Rule, type RuleSet, recompute, type Usage } from './award.ts';
import { exact, type Rounding, round, text } from './exact.ts';
import { afterReturn, type Item, type Purchase, type Return, wholePurchase } from './purchase.ts';

// The recomputation is only worth comparing with while it is right itself: small numbers, done by hand.

const usd = (minorUnits: number) => ({ currencyCode: 'USD', minorUnits });
const rate = (points: number, minorUnits: number, rest: Partial<Rule> = {}): Partial<Rule> => ({
  rate: { points, per: usd(minorUnits), mode: 'STEP' },
  ...rest,
});
const proportional = (points: number, minorUnits: number): Partial<Rule> => ({
  rate: { points, per: usd(minorUnits), mode: 'PROPORTIONAL' },
});
const fixed = (points: number, rest: Partial<Rule> = {}): Partial<Rule> => ({
  fixed: { points },
  ...rest,
});
const multiplier = (factor: string, rest: Partial<Rule> = {}): Partial<Rule> => ({
  multiplier: { factor },
  ...rest,
});
const daily = (points: number) => ({ points, period: 'DAY' as const });

/** The rules are called a, b, c. */
function rulesOf(rules: readonly Partial<Rule>[], rest: Partial<RuleSet> = {}): RuleSet {
  const earnRules = rules.map((rule, index) => ({
    ruleId: 'abc'.charAt(index),
    displayName: '',
    ...rule,
  }));
  return { rounding: 'FLOOR', earnRules, ...rest };
}

function item(itemId: string, minorUnits: number, rest: Partial<Item> = {}): Item {
  return { itemId, sku: itemId, categories: [], quantity: 1, amount: usd(minorUnits), ...rest };
}

function paid(minorUnits: number, ...items: Item[]): Purchase {
  const occurTime = '2026-03-02T12:00:00Z';
  return { transactionId: 'order-1', occurTime, amount: usd(minorUnits), items, channel: '' };
}

/** The points, then each line as "rule kind points". */
function award(rules: RuleSet, purchase: Purchase, used: Usage = {}): (bigint | string)[] {
  const { points, lines } = recompute(rules, purchase, used);
  return [points, ...lines.map((line) => `${line.ruleId} ${line.kind} ${line.points}`.trim())];
}

/** The points after each return, or that it exceeds what is left. */
function pointsAfter(
  rules: RuleSet,
  purchase: Purchase,
  ...parts: Return[]
): (bigint | 'EXCEEDS')[] {
  let left = wholePurchase(purchase);
  let earn: ReturnType<typeof afterReevaluation> = recompute(rules, purchase, {});
  return parts.map((part) => {
    const next = afterReturn(purchase, left, part);
    if (next === 'EXCEEDS') return next;
    left = next;
    earn = afterReevaluation(earn, recompute(rules, purchase, {}, left));
    return earn.points;
  });
}

const full: Return = { kind: 'FULL' };
const amount = (minorUnits: number): Return => ({ kind: 'AMOUNT', minorUnits });
const units = (of: Readonly<Record<string, number>>): Return => ({
  kind: 'ITEMS',
  items: Object.entries(of).map(([itemId, quantity]) => ({ itemId, quantity })),
});

describe('the recomputation of an award', () => {
  test('counts steps and proportions', () => {
    expect(award(rulesOf([rate(5, 10_000)]), paid(25_000))).toEqual([10n, 'a RULE 10']);
    expect(award(rulesOf([rate(5, 10_000)]), paid(9_999))).toEqual([0n, 'a RULE 0']);
    expect(award(rulesOf([proportional(5, 10_000)]), paid(25_000))).toEqual([
      12n,
      'a RULE 12.5',
      'ROUNDING -0.5',
    ]);
    expect(award(rulesOf([proportional(1, 300)], { rounding: 'CEILING' }), paid(400))).toEqual([
      2n,
      'a RULE 1 1/3',
      'ROUNDING 2/3',
    ]);
  });

  test('cuts by the maximum before, and by the cap after a multiplier', () => {
    const rules = rulesOf([fixed(130, { maximumPoints: 100, cap: daily(400) }), multiplier('2')]);
    expect(award(rules, paid(100), { a: 250n })).toEqual([
      150n,
      'a MAXIMUM 100',
      'b RULE 100',
      'a CAP -50',
    ]);
    expect(recompute(rules, paid(100), { a: 250n }).usage).toEqual({ a: 150n });
  });

  test('multiplies one after the other what the limits of multipliers leave', () => {
    const rules = rulesOf([fixed(50), multiplier('2', { maximumPoints: 10 }), multiplier('1.5')]);
    expect(award(rules, paid(100))).toEqual([90n, 'a RULE 50', 'b MAXIMUM 10', 'c RULE 30']);
  });

  test("spreads a limited multiplier's points over the awards", () => {
    const double = multiplier('2', { cap: daily(60) });
    const rules = rulesOf([fixed(75, { cap: daily(80) }), fixed(25), double]);
    const lines = ['a RULE 75', 'b RULE 25', 'c RULE 50', 'a CAP -32.5', 'ROUNDING -0.5'];
    expect(award(rules, paid(100), { c: 10n })).toEqual([117n, ...lines]);
    expect(recompute(rules, paid(100), { c: 10n }).usage).toEqual({ a: 80n, c: 50n });
  });

  test('chooses of a group what can still give the most', () => {
    const group = { exclusiveGroup: 'g' };
    const rules = rulesOf([fixed(80, { cap: daily(100), ...group }), fixed(30, group)]);
    expect(award(rules, paid(100))).toEqual([80n, 'a RULE 80', 'b GROUP 0']);
    expect(award(rules, paid(100), { a: 71n })).toEqual([30n, 'a GROUP 0', 'b RULE 30']);
    const equal = award(rules, paid(100), { a: 70n });
    expect(equal).toEqual([30n, 'a RULE 80', 'b GROUP 0', 'a CAP -50']);
  });

  test('chooses of multipliers what each alone would add', () => {
    const group = { exclusiveGroup: 'm' };
    const limited = multiplier('3', { maximumPoints: 40, ...group });
    const rules = rulesOf([fixed(100), limited, multiplier('1.5', group)]);
    expect(award(rules, paid(100))).toEqual([150n, 'a RULE 100', 'b GROUP 0', 'c RULE 50']);
  });

  test('limits all rules together', () => {
    const limits = { maximumPoints: 90, cap: daily(100), rounding: 'HALF_UP' as const };
    const rules = rulesOf([proportional(1, 200), fixed(40, { cap: daily(40) })], limits);
    const lines = ['a RULE 60.5', 'b RULE 40', 'SET_MAXIMUM -10.5', 'SET_CAP -5'];
    expect(award(rules, paid(12_100), { '': 15n })).toEqual([85n, ...lines]);
    expect(recompute(rules, paid(12_100), { '': 15n }).usage).toEqual({ '': 85n, b: 40n });
  });

  test('counts shares of items that sum to more than was paid', () => {
    const purchase = paid(6_000, item('cab', 9_000), item('brie', 3_000));
    const wine = rulesOf([rate(1, 100, { match: { skus: ['cab'] } }), rate(1, 100)]);
    expect(award(wine, purchase)).toEqual([105n, 'a RULE 45', 'b RULE 60']);
  });

  test('leaves out what is excluded', () => {
    const card = item('card', 2_000, { categories: ['giftcard'], quantity: 2 });
    const match = { exclude: { categories: ['giftcard'] } };
    const rules = rulesOf([
      rate(1, 100, { match }),
      fixed(7, { match }),
      { perItem: { points: 1 }, match },
    ]);
    expect(award(rules, paid(7_950, card, item('cab', 5_000)))).toEqual([
      67n,
      'a RULE 59',
      'b RULE 7',
      'c RULE 1',
    ]);
    expect(award(rules, paid(2_500, card))).toEqual([5n, 'a RULE 5', 'b RULE 0', 'c RULE 0']);
    expect(award(rules, paid(2_500))).toEqual([32n, 'a RULE 25', 'b RULE 7', 'c RULE 0']);
    const listed = { skus: ['card', 'cab'], ...match };
    const both = rulesOf([rate(1, 100, { match: listed })]);
    expect(award(both, paid(7_950, card, item('cab', 5_000)))).toEqual([50n, 'a RULE 50']);
  });

  test('rounds each way', () => {
    const roundings: Rounding[] = ['FLOOR', 'HALF_UP', 'HALF_EVEN', 'CEILING'];
    const all = (numerator: number, denominator: number) =>
      roundings.map((rounding) => Number(round(exact(numerator, denominator), rounding)));
    expect(all(5, 2)).toEqual([2, 3, 2, 3]);
    expect(all(7, 2)).toEqual([3, 4, 4, 4]);
    expect(all(7, 3)).toEqual([2, 2, 2, 3]);
    expect(all(8, 3)).toEqual([2, 3, 3, 3]);
    expect(all(2, 1)).toEqual([2, 2, 2, 2]);
  });

  test('writes numbers as people do', () => {
    expect(text(exact(-25, 2))).toBe('-12.5');
    expect(text(exact(1, 80))).toBe('0.0125');
    expect(text(exact(-10, 3))).toBe('-3 1/3');
    expect(text(exact(4, 6))).toBe('2/3');
    expect(text(exact(0, 5))).toBe('0');
  });
});

describe('the recomputation of returns', () => {
  const rules = rulesOf([rate(1, 100), { perItem: { points: 3 } }]);

  test('takes a gift in any order', () => {
    const purchase = paid(2_000, item('cab', 2_000), item('gift', 0));
    expect(pointsAfter(rules, purchase, units({ cab: 1, gift: 1 }))).toEqual([0n]);
    expect(pointsAfter(rules, purchase, units({ gift: 1 }), units({ cab: 1 }))).toEqual([23n, 0n]);
    expect(pointsAfter(rules, purchase, units({ cab: 1 }), units({ gift: 1 }))).toEqual([0n, 0n]);
    expect(pointsAfter(rules, purchase, units({ gift: 2 }), units({ mug: 1 }))).toEqual([
      'EXCEEDS',
      'EXCEEDS',
    ]);
  });

  test('takes the share that an item counts', () => {
    const three = ['1', '2', '3'].map((itemId) => item(itemId, 2_000));
    const coupon = paid(3_000, ...three);
    const steps = [units({ 2: 1 }), units({ 3: 1, 1: 1 })];
    expect(pointsAfter(rules, coupon, ...steps)).toEqual([26n, 0n]);
    const thirds = paid(2_000, ...three);
    expect(pointsAfter(rules, thirds, units({ 1: 1 }), amount(1_335))).toEqual([19n, 'EXCEEDS']);
    expect(pointsAfter(rules, thirds, units({ 1: 1 }), amount(1_334))).toEqual([19n, 0n]);
    expect(pointsAfter(rules, thirds, units({ 1: 1 }), amount(1_333))).toEqual([19n, 0n]);
    expect(pointsAfter(rules, thirds, units({ 1: 1 }), amount(1_332))).toEqual([19n, 6n]);
  });

  test('takes amounts off the rest first', () => {
    const shipped = paid(6_000, item('cab', 4_000, { quantity: 2 }), item('brie', 1_500));
    const steps = [amount(500), units({ brie: 1 }), amount(2_000), units({ cab: 1 }), full];
    expect(pointsAfter(rules, shipped, ...steps)).toEqual([64n, 46n, 26n, 13n, 0n]);
    const late = [units({ brie: 1, cab: 2 }), amount(501), amount(500), amount(0)];
    expect(pointsAfter(rules, shipped, ...late)).toEqual([5n, 'EXCEEDS', 0n, 0n]);
  });

  test('ends 0.00 with its last unit', () => {
    const gifts = paid(0, item('gift', 0, { quantity: 2 }));
    const steps = [
      amount(0),
      amount(1),
      units({ gift: 1 }),
      units({ gift: 1 }),
      units({ gift: 1 }),
    ];
    expect(pointsAfter(rules, gifts, ...steps)).toEqual([6n, 'EXCEEDS', 3n, 0n, 'EXCEEDS']);
    const always = rulesOf([fixed(9)]);
    expect(pointsAfter(always, paid(0), amount(0), full)).toEqual([9n, 0n]);
    expect(pointsAfter(always, gifts, units({ gift: 2 }))).toEqual([0n]);
    expect(pointsAfter(always, paid(700, item('gift', 0)), units({ gift: 1 }))).toEqual([9n]);
  });

  test('never gives more, neither points nor use of a cap', () => {
    const group = { exclusiveGroup: 'g' };
    const big = 'transaction.amount.minor_units >= 4000';
    const choice = rulesOf([
      fixed(5, { condition: big, ...group, cap: daily(50) }),
      rate(1, 1_000, { ...group, cap: daily(50) }),
      multiplier('0', { condition: big }),
    ]);
    const before = recompute(choice, paid(4_000), {});
    expect(before).toMatchObject({ points: 0n, usage: {} });
    expect(pointsAfter(choice, paid(4_000), amount(1_000))).toEqual([0n]);
    const used = { points: 9n, usage: { a: 5n, b: 4n } };
    const again = { points: 12n, lines: [], usage: { b: 3n, c: 9n } };
    expect(afterReevaluation(used, again)).toEqual({ points: 9n, usage: { b: 3n } });
  });

  test('lets conditions see what is left in whole minor units', () => {
    const dear = 'transaction.items.exists(i, i.amount.minor_units >= 700)';
    const asked = rulesOf([fixed(9, { condition: dear })]);
    // Each of them counts 500 of 1000, and is seen as sent until something is returned.
    const purchase = paid(1_000, item('cab', 1_000), item('brie', 1_000));
    expect(pointsAfter(asked, purchase, amount(300), amount(1))).toEqual([9n, 0n]);
    // What counts nothing is seen by its units.
    const free = (minorUnits: number) => paid(0, item('cab', minorUnits, { quantity: 2 }));
    expect(pointsAfter(asked, free(1_400), units({ cab: 1 }))).toEqual([9n]);
    expect(pointsAfter(asked, free(1_398), units({ cab: 1 }))).toEqual([0n]);
  });
});
