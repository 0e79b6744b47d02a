import type { JsonObject } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import { describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { RuleSetSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { compileRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import { evaluate } from '@loyalty/rules/evaluate.ts';
import { beginningOfTime } from '@loyalty/rules/instant.ts';
import { POINTS_MAX, type RuleSet } from '@loyalty/rules/language.ts';
import { availableTime, expireTime } from '@loyalty/rules/point-dates.ts';
import { pointsGiven } from '@loyalty/rules/points-given.ts';
import { afterRefund, wholePurchase } from '@loyalty/rules/remaining-purchase.ts';
import { validatePurchase } from '@loyalty/rules/validate-purchase.ts';
import { validateRuleSet } from '@loyalty/rules/validate-rule-set.ts';
import { aPurchase, evaluateFor, MEMBER, ruleSet } from './example.ts';

const validator = createValidator();
const CURRENCIES = ['USD', 'EUR', 'JPY', 'KWD'];
const WORDS = ['wine', 'cheese', 'paris', 'web', 'store', 'gold'];
const ZONES = ['UTC', 'Europe/Paris', 'America/New_York', 'America/Santiago', 'Asia/Kolkata'];
const DAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'];
const ROUNDINGS = ['FLOOR', 'HALF_UP', 'HALF_EVEN', 'CEILING'];

const word = fc.constantFrom(...WORDS);
const words = fc.uniqueArray(word, { maxLength: 3 });
const instant = fc
  .date({
    min: new Date('1970-01-01T00:00:00Z'),
    max: new Date('2100-01-01T00:00:00Z'),
    noInvalidDate: true,
  })
  .map((date) => date.toISOString());
const integer = (max: bigint, min = 1n) => fc.bigInt({ min, max }).map(String);
const money = (min: bigint) =>
  fc.record({ currencyCode: fc.constantFrom(...CURRENCIES), minorUnits: integer(POINTS_MAX, min) });
const points = integer(1_000_000_000n);
const timeOfDay = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));

const award: fc.Arbitrary<JsonObject> = fc.oneof(
  fc
    .record({ points, per: money(1n), mode: fc.constantFrom('STEP', 'PROPORTIONAL') })
    .map((rate) => ({ rate })),
  points.map((fixed) => ({ fixed: { points: fixed } })),
  points.map((each) => ({ perItem: { points: each } })),
  fc
    .tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 999 }))
    .map(([whole, rest]) => ({
      multiplier: { factor: `${whole}.${String(rest).padStart(3, '0')}` },
    })),
);

/** Conditions that hold, don't hold, fail on some transactions, and are refused. */
const condition = fc.constantFrom(
  '',
  "transaction.attributes['city'] == 'paris'",
  'transaction.items[0].quantity > 3',
  "transaction.items.exists(i, 'wine' in i.categories)",
  'member.lifetime_earned / (member.lifetime_earned - 7) > 0',
  "transaction.occur_time.getHours('Europe/Paris') < 12",
  'transaction.amount.minor_units * 9223372036854775807 > 0',
  'transaction.amount',
  'this is no condition',
);

const cap = fc.record({
  points: integer(POINTS_MAX),
  period: fc.constantFrom('DAY', 'WEEK', 'MONTH', 'LIFETIME'),
});

const rule = fc
  .record(
    {
      match: fc.record(
        {
          skus: words,
          categories: words,
          channels: words,
          exclude: fc.record({ skus: words, categories: words }),
        },
        { requiredKeys: [] },
      ),
      condition,
      minimumAmount: money(0n),
      maximumPoints: integer(POINTS_MAX),
      schedule: fc.record(
        {
          startTime: instant,
          endTime: instant,
          daysOfWeek: fc.uniqueArray(fc.constantFrom(...DAYS)),
          startTimeOfDay: timeOfDay,
          endTimeOfDay: timeOfDay,
        },
        { requiredKeys: [] },
      ),
      cap,
      exclusiveGroup: fc.constantFrom('a', 'b'),
    },
    { requiredKeys: [] },
  )
  .chain((rest) => award.map((given): JsonObject => ({ ...given, ...rest })));

const limits = fc.record({ maximumPoints: integer(POINTS_MAX), cap }, { requiredKeys: [] });

const ruleSets = fc
  .record({
    limits,
    rounding: fc.constantFrom(...ROUNDINGS),
    timeZone: fc.constantFrom(...ZONES),
    earnRules: fc
      .array(rule, { maxLength: 8 })
      .map((rules) => rules.map((one, index) => ({ ...one, ruleId: `rule-${index}` }))),
    maturation: fc.oneof(
      fc.constant({ immediate: {} }),
      fc.integer({ min: 1, max: 3650 }).map((days) => ({ after: { days } })),
    ),
    expiry: fc.oneof(
      fc.constant({ never: {} }),
      fc.integer({ min: 1, max: 36_500 }).map((days) => ({ after: { days, roundUpTo: 'MONTH' } })),
      fc.integer({ min: 1, max: 1200 }).map((months) => ({ after: { months } })),
      fc
        .record({
          month: fc.integer({ min: 1, max: 12 }),
          day: fc.integer({ min: 1, max: 31 }),
          minimumDays: fc.integer({ min: 0, max: 366 }),
        })
        .map((fixedDate) => ({ fixedDate })),
    ),
  })
  .map(({ limits: limited, ...rest }) => ruleSet({ ...rest, ...limited }));

const transactions = fc
  .record({
    occurTime: instant,
    amount: money(0n),
    channel: fc.constantFrom('', ...WORDS),
    attributes: fc.dictionary(fc.constantFrom('city', 'tier'), word),
    items: fc.array(
      fc.record({
        sku: word,
        categories: words,
        quantity: fc.integer({ min: 1, max: 1_000_000 }),
        minorUnits: integer(POINTS_MAX, 0n),
      }),
      { maxLength: 5 },
    ),
  })
  .map(({ items, ...rest }) =>
    aPurchase({
      ...rest,
      items: items.map(({ minorUnits, ...one }, index) => ({
        ...one,
        itemId: String(index),
        amount: { currencyCode: rest.amount.currencyCode, minorUnits },
      })),
    }),
  );

const cases = fc.record({
  rules: ruleSets,
  purchase: transactions,
  used: fc.bigInt({ min: 0n, max: POINTS_MAX }),
});

/** Leaves the rules that nothing is said against. */
function dropRefusedRules(rules: RuleSet): void {
  const refused = new Set(validateRuleSet(rules).map(({ field }) => field.replace(/\].*/, ']')));
  rules.earnRules = rules.earnRules.filter((_, index) => !refused.has(`earn_rules[${index}]`));
}

/** Reads what an explanation says, such as "-12.5", "2/3" and "3 1/3", in its own way: [numerator, denominator]. */
function readNumber(text: string): [bigint, bigint] {
  const [, sign = '', rest = ''] = /^(-?)(.+)$/.exec(text) ?? [];
  const [numerator, denominator] = readUnsigned(rest);
  return [sign === '' ? numerator : -numerator, denominator];
}

function readUnsigned(text: string): [bigint, bigint] {
  const mixed = /^(?:(\d+) )?(\d+)\/(\d+)$/.exec(text);
  if (mixed !== null) {
    const [integer = 0n, numerator = 0n, denominator = 1n] = mixed
      .slice(1)
      .map((part) => BigInt(part ?? 0));
    return [integer * denominator + numerator, denominator];
  }
  const [integer = '', decimals = ''] = text.split('.');
  return [BigInt(integer + decimals), BigInt(`1${'0'.repeat(decimals.length)}`)];
}

function plus([a, b]: [bigint, bigint], [c, d]: [bigint, bigint]): [bigint, bigint] {
  return [a * d + c * b, b * d];
}

describe('whatever an operator writes and a member buys', () => {
  test('what validates never throws, and gives points within their bounds', () => {
    fc.assert(
      fc.property(cases, ({ rules, purchase, used }) => {
        expect(validator.validate(RuleSetSchema, rules).kind).toBe('valid');
        expect(validator.validate(TransactionSchema, purchase).kind).toBe('valid');
        expect(validatePurchase(purchase)).toEqual([]);
        dropRefusedRules(rules);
        expect(validateRuleSet(rules)).toEqual([]);
        const award = evaluateFor(rules, purchase, { capUsed: () => used });
        expect(award.points >= 0n && award.points <= POINTS_MAX).toBe(true);
        const ofRules = award.explanation.slice(0, rules.earnRules.length);
        expect(ofRules.map(({ ruleId }) => ruleId)).toEqual(
          rules.earnRules.map(({ ruleId }) => ruleId),
        );
        for (const { kind } of ofRules) expect(['RULE', 'MAXIMUM', 'GROUP']).toContain(kind);
        for (const { kind, points: taken } of award.explanation.slice(rules.earnRules.length)) {
          expect(['CAP', 'SET_MAXIMUM', 'SET_CAP', 'ROUNDING']).toContain(kind);
          expect(kind === 'ROUNDING' || readNumber(taken)[0] < 0n).toBe(true);
        }
        for (const usage of award.capUsage) {
          const { cap: limit } =
            rules.earnRules.find(({ ruleId }) => ruleId === usage.ruleId) ?? rules;
          expect(usage.points > 0n && usage.points + used <= (limit?.points ?? 0n)).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('even a rule set that does not validate never throws', () => {
    fc.assert(
      fc.property(cases, ({ rules, purchase }) => {
        expect(evaluateFor(rules, purchase).points >= 0n).toBe(true);
      }),
    );
  });

  test('what refunds leave of it never throws, and everything refunded is worth nothing', () => {
    const amounts = fc.bigInt({ min: 1n, max: POINTS_MAX });
    fc.assert(
      fc.property(cases, amounts, ({ rules, purchase }, minorUnits) => {
        const { currencyCode = '' } = purchase.amount ?? {};
        const amount = { currencyCode, minorUnits };
        const whole = wholePurchase(purchase);
        const left = afterRefund(purchase, whole, { kind: 'AMOUNT', amount });
        const refused = 'fault' in left;
        expect(refused).toBe(minorUnits > (purchase.amount?.minorUnits ?? 0n));
        const remaining = refused ? whole : left;
        const award = evaluateFor(rules, purchase, { remaining });
        expect(award.points >= 0n && award.points <= POINTS_MAX).toBe(true);
        const nothing = afterRefund(purchase, whole, { kind: 'FULL' });
        if ('fault' in nothing) throw new Error(nothing.message);
        expect(evaluateFor(rules, purchase, { remaining: nothing }).points).toBe(0n);
      }),
    );
  });

  test('an award depends on nothing but its input', () => {
    fc.assert(
      fc.property(cases, transactions, ({ rules, purchase, used }, other) => {
        const input = { member: MEMBER, now: 0, capUsed: () => used };
        const [fresh, busy] = [compileRuleSet(rules), compileRuleSet(rules)];
        evaluate(busy, { ...input, purchase: other });
        const award = evaluate(fresh, { ...input, purchase });
        expect(evaluate(busy, { ...input, purchase })).toEqual(award);
        expect(evaluate(fresh, { ...input, purchase })).toEqual(award);
      }),
    );
  });

  test('the lines of an explanation add up to the points', () => {
    fc.assert(
      fc.property(cases, ({ rules, purchase, used }) => {
        const award = evaluateFor(rules, purchase, { capUsed: () => used });
        const [numerator, denominator] = award.explanation
          .map(({ points: text }) => readNumber(text))
          .reduce(plus, [0n, 1n]);
        expect(numerator % denominator).toBe(0n);
        const sum = numerator / denominator;
        expect(award.points).toBe(award.exceedsLimit ? POINTS_MAX : sum);
        expect(award.exceedsLimit).toBe(sum > POINTS_MAX);
      }),
      { numRuns: 400 },
    );
  });

  test('what the rules gave after all limits adds up to the points before they are rounded', () => {
    const smallCap = fc.bigInt({ min: 1n, max: 1_000_000n });
    fc.assert(
      fc.property(cases, smallCap, fc.boolean(), ({ rules, purchase, used }, points, isUsed) => {
        for (const { cap: limit } of [...rules.earnRules, rules]) {
          if (limit !== undefined) limit.points = points;
        }
        const capUsed = () => (isUsed ? used % (2n * points) : 0n);
        const { explanation } = evaluateFor(rules, purchase, { capUsed });
        const given = pointsGiven(explanation);
        const exact = explanation.filter(({ kind }) => kind !== 'ROUNDING');
        const sumOf = (lines: readonly { points: string }[]) =>
          lines.map(({ points: text }) => readNumber(text)).reduce(plus, [0n, 1n]);
        const [expected, found] = [sumOf(exact), sumOf(given)];
        expect(found[0] * expected[1]).toBe(expected[0] * found[1]);
        for (const { ruleId, points: text } of given) {
          const rule = rules.earnRules.find((each) => each.ruleId === ruleId);
          const [numerator] = readNumber(text);
          expect(numerator).not.toBe(0n);
          expect(numerator > 0n || rule?.award.case === 'multiplier').toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('a proportion is exact', () => {
    const amounts = fc.bigInt({ min: 0n, max: POINTS_MAX });
    const given = fc.bigInt({ min: 1n, max: 1_000_000_000n });
    fc.assert(
      fc.property(amounts, given, fc.bigInt({ min: 1n, max: POINTS_MAX }), (amount, each, per) => {
        const usd = (minorUnits: bigint) => ({ currencyCode: 'USD', minorUnits: `${minorUnits}` });
        const rate = { points: `${each}`, per: usd(per), mode: 'PROPORTIONAL' };
        const award = evaluateFor(
          ruleSet({ earnRules: [{ ruleId: 'rate', rate }] }),
          aPurchase({ amount: usd(amount) }),
        );
        const [numerator, denominator] = readNumber(award.explanation[0]?.points ?? '');
        expect(numerator * per).toBe(each * amount * denominator);
        fc.pre(!award.exceedsLimit);
        expect(award.points).toBe((each * amount) / per);
      }),
    );
  });

  test('points mature and expire after the purchase', () => {
    fc.assert(
      fc.property(cases, ({ rules, purchase }) => {
        const compiled = compileRuleSet(rules);
        const occurTime = Number(purchase.occurTime?.seconds) * 1000;
        const available = availableTime(compiled, occurTime);
        const expires = expireTime(compiled, { availableTime: available, occurTime });
        const matured = available === beginningOfTime ? occurTime : available;
        expect(matured >= occurTime).toBe(true);
        expect(Number(expires)).toBeGreaterThan(matured);
      }),
    );
  });
});
