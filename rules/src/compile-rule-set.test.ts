import { describe, expect, test } from '@jest/globals';
import { ruleSet } from '../test/example.ts';
import { capPeriods, compileRuleSet, needsMemberFacts } from './compile-rule-set.ts';
import { beginningOfTime } from './instant.ts';

describe('a compiled rule set', () => {
  test('tells which usage to load before an evaluation', () => {
    const compiled = compileRuleSet(
      ruleSet({
        timeZone: 'Europe/Paris',
        earnRules: [
          { ruleId: 'daily', fixed: { points: '1' }, cap: { points: '5', period: 'DAY' } },
          { ruleId: 'free', fixed: { points: '1' } },
          { ruleId: 'ever', fixed: { points: '1' }, cap: { points: '5', period: 'LIFETIME' } },
        ],
      }),
    );
    expect(capPeriods(compiled, Date.parse('2026-03-28T23:30:00Z'))).toEqual([
      { ruleId: 'daily', period: 'DAY', start: Date.parse('2026-03-28T23:00:00Z') },
      { ruleId: 'ever', period: 'LIFETIME', start: beginningOfTime },
    ]);
  });

  test('tells whether it needs to know the member', () => {
    const asking = (condition: string) =>
      compileRuleSet(ruleSet({ earnRules: [{ ruleId: 'r', fixed: { points: '1' }, condition }] }));
    expect(needsMemberFacts(asking('member.lifetime_earned > 5'))).toBe(true);
    expect(needsMemberFacts(asking(''))).toBe(false);
  });

  test('has the defaults of policies that are absent', () => {
    const { refund, clock, effectiveTime } = compileRuleSet(ruleSet({ earnRules: [] }));
    expect(refund).toEqual({ shortfall: 'DEFICIT', restoreGraceDays: 0 });
    expect(clock.timeZone).toBe('UTC');
    expect(effectiveTime).toBeUndefined();
  });
});
