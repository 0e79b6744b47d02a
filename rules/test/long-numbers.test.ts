import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import type { RuleSet } from '@loyalty/rules/language.ts';
import { validateRuleSet } from '@loyalty/rules/validate-rule-set.ts';
import { aPurchase, evaluateFor, ruleSet } from './example.ts';

/** Almost 2^53, 2^53 and 2^22: no two have a factor in common, and they multiply to almost 2^128. */
const PRIMES = [9_007_199_254_740_881n, 9_007_199_254_740_847n, 4_194_301n] as const;
/** A factor whose powers never become shorter. */
const FACTORS = ['99.999', '1.001', '0.997', '97.003'];
const LARGE = aPurchase({ amount: { currencyCode: 'USD', minorUnits: '9007199254740883' } });

function proportional(index: number, minorUnits: bigint): JsonObject {
  return {
    ruleId: `rate-${index}`,
    rate: {
      points: String(999_999_937 - index),
      per: { currencyCode: 'USD', minorUnits: String(minorUnits) },
      mode: 'PROPORTIONAL',
    },
    cap: { points: String(9_007_199_254_740_991n - BigInt(index)), period: 'LIFETIME' },
  };
}

function times(index: number, rest: JsonObject = {}): JsonObject {
  return { ruleId: `times-${index}`, multiplier: { factor: FACTORS[index % 4] ?? '' }, ...rest };
}

const rates = (count: number, per: (index: number) => bigint) =>
  Array.from({ length: count }, (_, index) => proportional(index, per(index)));
const multipliers = (count: number, rest: (index: number) => JsonObject = () => ({})) =>
  Array.from({ length: count }, (_, index) => times(index, rest(index)));
const ofPrimes = (index: number) => PRIMES[index % PRIMES.length] ?? 1n;

/** How much of the processor's time an evaluation takes. */
function cpuMs(rules: RuleSet): number {
  const before = process.cpuUsage();
  evaluateFor(rules, LARGE);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe('the longest numbers that a rule set can lead to take no time that others would notice', () => {
  test.each([
    ['80 rates, multiplied 20 times', [...rates(80, ofPrimes), ...multipliers(20)]],
    [
      '80 rates, multiplied 20 times within maxima',
      [
        ...rates(80, ofPrimes),
        ...multipliers(20, (index) =>
          index % 2 === 0 ? { maximumPoints: String(9_999_991 + index) } : {},
        ),
      ],
    ],
    [
      '80 rates, multiplied 20 times within caps',
      [
        ...rates(80, ofPrimes),
        ...multipliers(20, (index) => ({
          cap: { points: String(9_999_991 + index), period: 'DAY' },
        })),
      ],
    ],
    ['100 rates', rates(100, ofPrimes)],
  ])('%s', (_, earnRules) => {
    const rules = ruleSet({ earnRules });
    expect(validateRuleSet(rules)).toEqual([]);
    // They take 1 to 6 ms, once their code is warm.
    expect(Math.min(cpuMs(rules), cpuMs(rules), cpuMs(rules))).toBeLessThan(50);
  });
});

describe('a rule set that would lead to longer ones is refused', () => {
  test('with the rates that have too little in common', () => {
    const perUnits = [...PRIMES, 100n, 7n, 4_194_301n * 3n, 9_007_199_254_740_881n];
    const rules = rates(perUnits.length, (index) => perUnits[index] ?? 1n);
    expect(validateRuleSet(ruleSet({ earnRules: rules })).map(({ field }) => field)).toEqual([
      'earn_rules[3].rate.per.minor_units',
      'earn_rules[4].rate.per.minor_units',
      'earn_rules[5].rate.per.minor_units',
    ]);
  });

  test('but rates of another currency and in steps are no matter', () => {
    const [first, second] = [...PRIMES, 101n].map((minorUnits, index) =>
      proportional(index, minorUnits),
    );
    const euro = { currencyCode: 'EUR', minorUnits: '101' };
    const rules = [
      ...rates(3, ofPrimes),
      { ...first, ruleId: 'euro', rate: { points: '1', per: euro, mode: 'PROPORTIONAL' } },
      { ...second, ruleId: 'steps', rate: { points: '1', per: { ...euro, currencyCode: 'USD' } } },
    ];
    expect(validateRuleSet(ruleSet({ earnRules: rules }))).toEqual([]);
  });

  test('with the multipliers beyond the twentieth', () => {
    const rules = [...rates(1, ofPrimes), ...multipliers(22)];
    expect(validateRuleSet(ruleSet({ earnRules: rules })).map(({ field }) => field)).toEqual([
      'earn_rules[21].multiplier',
      'earn_rules[22].multiplier',
    ]);
  });
});
