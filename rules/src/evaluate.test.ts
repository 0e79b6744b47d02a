import { describe, expect, test } from '@jest/globals';
import { evaluateFor, ruleSet, transaction } from '../test/example.ts';

const USD_100 = { currencyCode: 'USD', minorUnits: '10000' };
const base = { ruleId: 'base', rate: { points: '5', per: USD_100 } };
const double = { ruleId: 'double', multiplier: { factor: '2' } };

describe('an award', () => {
  test('counts whole steps and says how many', () => {
    const award = evaluateFor(ruleSet({ earnRules: [base] }), transaction());
    expect(award.points).toBe(10n);
    expect(award.explanation).toEqual([
      { ruleId: 'base', points: '10', note: '2 × 100.00 USD', applied: true },
    ]);
  });

  test('says why a rule did not apply', () => {
    const award = evaluateFor(
      ruleSet({ earnRules: [base] }),
      transaction({ amount: { currencyCode: 'EUR', minorUnits: '25000' } }),
    );
    expect(award.points).toBe(0n);
    expect(award.explanation[0]).toEqual({
      ruleId: 'base',
      points: '0',
      note: 'counts USD, the transaction is in EUR',
      applied: false,
    });
  });

  test('adds up from its lines, a multiplier showing what it added', () => {
    const award = evaluateFor(ruleSet({ earnRules: [base, double] }), transaction());
    expect(award.points).toBe(20n);
    expect(award.explanation.map(({ points }) => points)).toEqual(['10', '10']);
  });

  test('keeps within a cap what a multiplier added, and counts it as used', () => {
    const capped = { ...base, cap: { points: '15', period: 'DAY' } };
    const award = evaluateFor(ruleSet({ earnRules: [capped, double] }), transaction());
    expect(award.points).toBe(15n);
    expect(award.explanation.map(({ points }) => points)).toEqual(['10', '5']);
    expect(award.capUsage).toEqual([
      {
        ruleId: 'base',
        period: 'DAY',
        periodStart: new Date('2026-03-21T00:00:00Z'),
        points: 15n,
      },
    ]);
  });

  test('counts a fraction of a point as a whole one of its cap', () => {
    const exact = { ...base, rate: { ...base.rate, mode: 'PROPORTIONAL' } };
    const capped = { ...exact, cap: { points: '20', period: 'WEEK' } };
    const earn = (used: bigint) =>
      evaluateFor(ruleSet({ earnRules: [capped] }), transaction(), { capUsed: () => used });
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
      transaction({ amount: { currencyCode: 'USD', minorUnits: '9007199254740991' } }),
    );
    expect(award).toMatchObject({ points: 9_007_199_254_740_991n, exceedsLimit: true });
  });
});
