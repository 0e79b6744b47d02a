import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { POINTS_MAX } from '@loyalty/rules/language.ts';
import { validatePurchase } from '@loyalty/rules/validate-purchase.ts';
import { validateRuleSet } from '@loyalty/rules/validate-rule-set.ts';
import fc from 'fast-check';
import { EngineReturns, engineFor } from './engine-under-test.ts';
import { aPurchase, ruleSet } from './example.ts';
import {
  type Award,
  afterReevaluation,
  type RuleSet,
  recompute,
  type Usage,
} from './recomputation/award.ts';
import { byCounter, Counters, capUsed } from './recomputation/counters.ts';
import { Tally, tallyAward, tallyReevaluation, tallyReturn } from './recomputation/coverage.ts';
import { down, exact, isZero, text, times, up } from './recomputation/exact.ts';
import {
  CURRENCIES,
  purchases,
  ruleSets,
  type Series,
  type Step,
  series,
  usedHundredths,
} from './recomputation/generate.ts';
import {
  afterReturn,
  amountLeft,
  type Left,
  type Purchase,
  type Return,
  wholePurchase,
} from './recomputation/purchase.ts';

const SEED = 20260302;
const RULE_SETS = 200;
const PURCHASES_EACH = 5;
const SERIES = 2000;
const SERIES_EACH = 5;

describe('the engine and the recomputation agree', () => {
  test('on what purchases are worth, one after the other, and what caps count of them', () => {
    const tally = new Tally();
    const property = fc.property(worlds(purchases, PURCHASES_EACH), (world) => {
      const { rules, hundredths, all } = world;
      expectValid(rules, all);
      const engine = engineFor(rules);
      const counters = new Counters(rules, hundredths);
      for (const purchase of all) {
        const used = counters.usedBefore(purchase);
        const recomputed = recompute(rules, purchase, used);
        const award = engine(purchase, capUsed(rules, purchase, used));
        expectSameAward({ rules, purchase, used, returns: [] }, award, recomputed);
        tallyAward(tally, { rules, purchase, used }, recomputed);
        counters.add(purchase, recomputed.usage);
      }
    });
    fc.assert(property, { seed: SEED, numRuns: RULE_SETS });
    expect(tally.count('purchase')).toBe(RULE_SETS * PURCHASES_EACH);
    expect(tally.missed()).toEqual([]);
  });

  test('on what returns leave, and what that is worth', () => {
    const tally = new Tally();
    const bought = (currencyCode: string) =>
      fc.record({ purchase: purchases(currencyCode), series });
    const property = fc.property(worlds(bought, SERIES_EACH), ({ rules, hundredths, all }) => {
      const engine = engineFor(rules);
      for (const one of all) {
        const used = new Counters(rules, hundredths).usedBefore(one.purchase);
        compareReturns({ rules, used, ...one }, engine, tally);
      }
    });
    fc.assert(property, { seed: SEED, numRuns: SERIES / SERIES_EACH });
    expect(tally.count('series')).toBe(SERIES);
    expect(tally.missed()).toEqual([]);
  });
});

/** Rule sets, what their caps have counted, and so many things to try them on, mostly in their currency. */
function worlds<T>(each: (currencyCode: string) => fc.Arbitrary<T>, count: number) {
  return fc.constantFrom(...CURRENCIES).chain((currencyCode) => {
    const one = fc.oneof(
      { weight: 15, arbitrary: each(currencyCode) },
      { weight: 1, arbitrary: fc.constantFrom(...CURRENCIES).chain(each) },
    );
    return fc.record({
      rules: ruleSets(currencyCode),
      hundredths: usedHundredths,
      all: fc.array(one, { minLength: count, maxLength: count }),
    });
  });
}

function compareReturns(
  given: {
    readonly rules: RuleSet;
    readonly purchase: Purchase;
    readonly used: Usage;
    readonly series: Series;
  },
  engine: ReturnType<typeof engineFor>,
  tally: Tally,
): void {
  const { rules, purchase, used } = given;
  const context: Context = { rules, purchase, used, returns: [] };
  const theirs = new EngineReturns(purchase);
  let left = wholePurchase(purchase);
  let earn = recompute(rules, purchase, used);
  const take = (part: Return) => {
    context.returns.push(part);
    const next = afterReturn(purchase, left, part);
    const verdict = next === 'EXCEEDS' ? next : 'TAKEN';
    expectSame('the verdict', context, theirs.take(part), verdict);
    tallyReturn(tally, { purchase, left, part }, next);
    if (next === 'EXCEEDS') return;
    left = next;
    expectSame('what is left', context, theirs.description(), description(left));
    const again = recompute(rules, purchase, used, left);
    const award = engine(purchase, capUsed(rules, purchase, used), theirs.left);
    expectSameAward(context, left.isFullyReturned ? { ...award, lines: [] } : award, again);
    const after = { ...again, ...afterReevaluation(earn, again) };
    tallyReevaluation(tally, { before: earn, again, after });
    earn = after;
  };

  for (const step of given.series.steps) take(returnOf(step, left));
  if (given.series.isCompleted) {
    const units = left.items.filter((one) => one.units > 0n).reverse();
    if (units.length > 0) {
      const items = units.map((one) => ({
        itemId: one.item.itemId,
        quantity: Number(one.units),
      }));
      take({ kind: 'ITEMS', items });
    }
    if (!isZero(amountLeft(left))) take(returnOf({ kind: 'AMOUNT', of: 'ALL' }, left));
    if (!left.isFullyReturned) take({ kind: 'FULL' });
    const nothing: Award = { points: 0n, lines: [], usage: {} };
    expectSame('what stays in the end', context, earn, nothing);
  }
  tally.note({ series: true });
}

/** A step in numbers, for what is left before it. */
function returnOf(step: Step, left: Left): Return {
  if (step.kind === 'FULL') return step;
  if (step.kind === 'AMOUNT') return { kind: 'AMOUNT', minorUnits: minorUnitsOf(step.of, left) };
  const items = new Map(
    step.of.map(({ index, units }): [string, number] => {
      const one = left.items[index % Math.max(left.items.length, 1)];
      if (one === undefined || units === 'UNKNOWN') return ['unknown', 1];
      const all = Number(one.units);
      const quantity = { ONE: 1, ALL: Math.max(all, 1), BEYOND: all + 1 }[units];
      return [one.item.itemId, quantity];
    }),
  );
  return {
    kind: 'ITEMS',
    items: [...items].map(([itemId, quantity]) => ({ itemId, quantity })),
  };
}

function minorUnitsOf(of: Extract<Step, { kind: 'AMOUNT' }>['of'], left: Left): number {
  const amount = amountLeft(left);
  switch (of) {
    case 'NOTHING':
      return 0;
    case 'ONE':
      return 1;
    case 'ALL':
      return Number(up(amount));
    case 'BEYOND':
      return Number(up(amount)) + 1;
    default:
      return Number(down(times(amount, exact(of, 1000))));
  }
}

function description(left: Left) {
  return {
    amount: text(amountLeft(left)),
    items: left.items.map(({ counts, units }) => ({ counts: text(counts), units })),
    isFullyReturned: left.isFullyReturned,
  };
}

interface Context {
  readonly rules: RuleSet;
  readonly purchase: Purchase;
  readonly used: Usage;
  readonly returns: Return[];
}

function expectSameAward(
  context: Context,
  { exceedsLimit, ...award }: ReturnType<ReturnType<typeof engineFor>>,
  recomputed: Award,
): void {
  const isBeyond = recomputed.points > POINTS_MAX;
  expectSame('whether that is beyond the limit', context, exceedsLimit, isBeyond);
  if (isBeyond) return;
  const usage = byCounter(context.rules, context.purchase, recomputed.usage);
  expectSame('the award', context, award, { ...recomputed, usage });
}

function expectSame(what: string, context: Context, engine: unknown, recomputed: unknown): void {
  if (isDeepStrictEqual(engine, recomputed)) return;
  const all = Object.entries({ ...context, engine, recomputed });
  const lines = all.map(([name, value]) => `${name}: ${JSON.stringify(value, bigintAsText)}`);
  throw new Error([`${what} differs`, ...lines].join('\n'));
}

function bigintAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function expectValid(rules: RuleSet, all: readonly Purchase[]): void {
  const json = JSON.parse(JSON.stringify({ rules, all }));
  expect(validateRuleSet(ruleSet(json.rules))).toEqual([]);
  for (const purchase of json.all) expect(validatePurchase(aPurchase(purchase))).toEqual([]);
}
