import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { ruleSet } from '../test/example.ts';
import { validateRewardCondition, validateRuleSet } from './validate-rule-set.ts';

const USD = { currencyCode: 'USD', minorUnits: '100' };
const rule = (json: JsonObject = {}): JsonObject => ({
  ruleId: 'base',
  rate: { points: '1', per: USD },
  ...json,
});
const fieldsOf = (...earnRules: JsonObject[]) =>
  validateRuleSet(ruleSet({ earnRules })).map(({ field }) => field);

describe('a rule set is refused', () => {
  test.each<[string, JsonObject, string]>([
    [
      'an unknown currency',
      { rate: { points: '1', per: { currencyCode: 'ZZZ', minorUnits: '1' } } },
      'rate.per.currency_code',
    ],
    [
      'steps of no money',
      { rate: { points: '1', per: { currencyCode: 'USD' } } },
      'rate.per.minor_units',
    ],
    [
      'a minimum in another currency',
      { minimumAmount: { currencyCode: 'EUR', minorUnits: '1' } },
      'minimum_amount.currency_code',
    ],
    [
      'a campaign that ends before it begins',
      { schedule: { startTime: '2026-02-01T00:00:00Z', endTime: '2026-01-01T00:00:00Z' } },
      'schedule.end_time',
    ],
    [
      'hours that are none',
      { schedule: { startTimeOfDay: '18:00', endTimeOfDay: '18:00' } },
      'schedule.end_time_of_day',
    ],
    ['a condition that is wrong', { condition: 'member.nothing' }, 'condition'],
  ])('for %s', (_, json, field) => {
    expect(fieldsOf(rule(json))).toEqual([`earn_rules[0].${field}`]);
  });

  test('for a rule without an award', () => {
    expect(fieldsOf({ ruleId: 'base' })).toEqual(['earn_rules[0]']);
  });

  test('for a factor that is no decimal', () => {
    expect(fieldsOf({ ruleId: 'base', multiplier: { factor: 'x' } })).toEqual([
      'earn_rules[0].multiplier.factor',
    ]);
  });

  const inactive = (days: number, months: number) =>
    validateRuleSet(
      ruleSet({
        earnRules: [rule()],
        maturation: { after: { days } },
        expiry: { inactivity: { months } },
      }),
    );

  test.each([
    [28, 1],
    [365, 12],
  ])('never for points that mature in %i days and live for %i months', (days, months) => {
    expect(inactive(days, months)).toEqual([]);
  });

  test('for points that can expire by inactivity before they mature', () => {
    expect(inactive(29, 1)).toEqual([
      {
        field: 'maturation.after.days',
        message:
          'must be at most 28, the fewest days that a month has: points would expire by inactivity before they mature',
      },
    ]);
    expect(inactive(366, 12)).toMatchObject([{ field: 'maturation.after.days' }]);
  });

  test('for two rules of one id', () => {
    expect(fieldsOf(rule(), rule())).toEqual(['earn_rules[1].rule_id']);
  });

  test('for a group in which a multiplier competes with points', () => {
    expect(
      fieldsOf(rule({ exclusiveGroup: 'g' }), {
        ruleId: 'double',
        multiplier: { factor: '2' },
        exclusiveGroup: 'g',
      }),
    ).toEqual(['earn_rules[1].exclusive_group']);
  });

  test('for an unknown time zone', () => {
    const set = ruleSet({ earnRules: [], timeZone: 'Europe/Atlantis' });
    expect(validateRuleSet(set)).toEqual([
      {
        field: 'time_zone',
        message:
          'unknown time zone Europe/Atlantis; use a name of the IANA database, such as "Europe/Paris"',
      },
    ]);
  });

  test('once, when its conditions together take too long', () => {
    const condition = "transaction.items.all(i, i.categories.all(c, c != 'beer'))";
    const rules = Array.from({ length: 20 }, (_, index) =>
      rule({ ruleId: `rule-${index}`, condition }),
    );
    const violations = validateRuleSet(ruleSet({ earnRules: rules }));
    expect(violations).toHaveLength(1);
    expect(violations[0]?.message).toMatch(/steps together, more than 100000/);
  });

  test('within a moment, however complex the patterns in its conditions are', () => {
    const pattern = '[a-z]{1000}'.repeat(170);
    const rules = Array.from({ length: 60 }, (_, index) =>
      rule({ ruleId: `rule-${index}`, condition: `member.user_id.matches(r'${pattern}${index}')` }),
    );
    const tested = ruleSet({ earnRules: rules });
    const begin = performance.now();
    const violations = validateRuleSet(tested);
    expect(performance.now() - begin).toBeLessThan(500);
    expect(violations).toHaveLength(10);
    expect(violations[0]?.message).toMatch(/the pattern is too complex; use fewer or smaller/);
  });

  test('with the place of the mistake in its condition', () => {
    const [violation] = validateRuleSet(ruleSet({ earnRules: [rule({ condition: 'member.x' })] }));
    expect(violation?.message).toBe(
      'line 1, column 7: Member has no field x; it has user_id, attributes, join_time, lifetime_earned',
    );
  });
});

test("a reward's condition knows no transaction", () => {
  expect(validateRewardCondition('', 'condition')).toEqual([]);
  expect(validateRewardCondition('member.lifetime_earned > 5', 'condition')).toEqual([]);
  expect(validateRewardCondition("transaction.channel == 'a'", 'reward.condition')).toEqual([
    {
      field: 'reward.condition',
      message: 'line 1, column 1: unknown name transaction; known are member, now',
    },
  ]);
});
