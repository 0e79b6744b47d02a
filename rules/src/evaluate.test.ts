import { describe, expect, test } from '@jest/globals';
import { aPurchase, evaluateFor, ruleSet } from '../test/example.ts';

const USD_100 = { currencyCode: 'USD', minorUnits: '10000' };
const base = {
  ruleId: 'base',
  displayName: '5 for each 100.00',
  rate: { points: '5', per: USD_100 },
};
const double = { ruleId: 'double', multiplier: { factor: '2' } };

const used = (ruleId: string, period: string, start: string, points: bigint) => ({
  ruleId,
  period,
  start: Date.parse(start),
  points,
});

describe('an award', () => {
  test('counts whole steps and says how many', () => {
    const award = evaluateFor(ruleSet({ earnRules: [base] }), aPurchase());
    expect(award.points).toBe(10n);
    expect(award.explanation).toEqual([
      {
        kind: 'RULE',
        ruleId: 'base',
        displayName: '5 for each 100.00',
        points: '10',
        note: '2 × 100.00 USD',
      },
    ]);
  });

  test('says why a rule did not apply', () => {
    const award = evaluateFor(
      ruleSet({ earnRules: [base] }),
      aPurchase({ amount: { currencyCode: 'EUR', minorUnits: '25000' } }),
    );
    expect(award.points).toBe(0n);
    expect(award.explanation[0]).toMatchObject({
      kind: 'RULE',
      points: '0',
      note: 'counts USD, the transaction is in EUR',
    });
  });

  test('adds up from its lines, a multiplier showing what it added', () => {
    const award = evaluateFor(ruleSet({ earnRules: [base, double] }), aPurchase());
    expect(award.points).toBe(20n);
    expect(award.explanation.map(({ points }) => points)).toEqual(['10', '10']);
  });

  test('keeps within a cap what multipliers made of it, and counts that as used', () => {
    const capped = { ...base, cap: { points: '15', period: 'DAY' } };
    const award = evaluateFor(ruleSet({ earnRules: [capped, double] }), aPurchase());
    expect(award.points).toBe(15n);
    expect(award.explanation.map(({ kind, points }) => [kind, points])).toEqual([
      ['RULE', '10'],
      ['RULE', '10'],
      ['CAP', '-5'],
    ]);
    expect(award.capUsage).toEqual([used('base', 'DAY', '2026-03-21T00:00:00Z', 15n)]);
  });

  test('spreads what a limited multiplier adds over the awards pro rata', () => {
    const rules = ruleSet({
      earnRules: [
        { ruleId: 'a', fixed: { points: '60' }, cap: { points: '80', period: 'DAY' } },
        { ruleId: 'b', fixed: { points: '40' }, cap: { points: '80', period: 'DAY' } },
        { ...double, maximumPoints: '50' },
      ],
    });
    const award = evaluateFor(rules, aPurchase());
    // 60 and 40 become 90 and 60.
    expect(award.points).toBe(140n);
    expect(award.capUsage.map(({ points }) => points)).toEqual([80n, 60n]);
  });

  test("counts of a multiplier's cap what it adds, also where an award's cap takes it away", () => {
    const rules = ruleSet({
      earnRules: [
        { ...base, cap: { points: '10', period: 'MONTH' } },
        { ...double, cap: { points: '7', period: 'WEEK' } },
      ],
    });
    const award = evaluateFor(rules, aPurchase());
    expect(award.points).toBe(10n);
    expect(award.explanation.map(({ points }) => points)).toEqual(['10', '7', '-7']);
    expect(award.capUsage).toEqual([
      used('base', 'MONTH', '2026-03-01T00:00:00Z', 10n),
      used('double', 'WEEK', '2026-03-16T00:00:00Z', 7n),
    ]);
  });

  test("counts of a rule's cap what it gave before the rule set's limits, and of the rule set's what was given", () => {
    const rules = ruleSet({
      earnRules: [
        { ruleId: 'a', fixed: { points: '80' }, cap: { points: '100', period: 'LIFETIME' } },
        { ruleId: 'b', rate: { points: '1', per: USD_100, mode: 'PROPORTIONAL' } },
      ],
      maximumPoints: '60',
      cap: { points: '500', period: 'DAY' },
      rounding: 'CEILING',
    });
    expect(evaluateFor(rules, aPurchase())).toMatchObject({
      points: 60n,
      capUsage: [{ ruleId: 'a', points: 80n }, used('', 'DAY', '2026-03-21T00:00:00Z', 60n)],
    });
  });

  test('counts a fraction of a point as a whole one of its cap', () => {
    const exact = { ...base, rate: { ...base.rate, mode: 'PROPORTIONAL' } };
    const capped = { ...exact, cap: { points: '20', period: 'WEEK' } };
    const earn = (used: bigint) =>
      evaluateFor(ruleSet({ earnRules: [capped] }), aPurchase(), { capUsed: () => used });
    const first = earn(0n);
    expect(first).toMatchObject({ points: 12n, capUsage: [{ points: 13n }] });
    const second = earn(first.capUsage[0]?.points ?? 0n);
    expect(second).toMatchObject({ points: 7n, capUsage: [{ points: 7n }] });
  });

  test('never exceeds the largest number of points, and says when it would', () => {
    const award = evaluateFor(
      ruleSet({
        earnRules: [
          {
            ruleId: 'base',
            rate: { points: '1000000000', per: { currencyCode: 'USD', minorUnits: '1' } },
          },
        ],
      }),
      aPurchase({ amount: { currencyCode: 'USD', minorUnits: '9007199254740991' } }),
    );
    expect(award).toMatchObject({ points: 9_007_199_254_740_991n, exceedsLimit: true });
  });
});
