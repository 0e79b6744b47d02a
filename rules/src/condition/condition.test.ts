import { describe, expect, test } from '@jest/globals';
import { MEMBER, transaction } from '../../test/example.ts';
import { compileCondition, conditionBindings } from './condition.ts';

const NOW = new Date('2026-03-28T23:30:00Z');

function refusal(expression: string): string | undefined {
  const bindings = conditionBindings({ transaction: transaction(), member: MEMBER, now: NOW });
  return compileCondition(expression)?.refusal(bindings);
}

describe('a condition', () => {
  test('that is empty asks nothing', () => {
    expect(compileCondition('')).toBeUndefined();
  });

  test('that fails counts as false and says why', () => {
    expect(refusal("member.attributes['tier'] == 'gold'")).toBe(
      'condition failed: field not found: tier',
    );
    expect(refusal('member.lifetime_earned / 0 > 1')).toBe('condition failed: int divide by zero');
  });

  test('of a published version is never fatal, whatever is wrong with it', () => {
    expect(refusal('transaction.amount >')).toMatch(/^condition failed: /);
    expect(refusal('transaction.amount.minor_units')).toMatch(/^condition failed: /);
    expect(refusal('nobody.knows(this)')).toMatch(/^condition failed: /);
  });

  test('is told when it asks about the member', () => {
    expect(compileCondition('member.lifetime_earned > 5')?.asksMember).toBe(true);
    expect(compileCondition("transaction.channel == 'web'")?.asksMember).toBe(false);
  });

  test.each([
    ["now.getHours('Europe/Paris')", 0],
    ["now.getMinutes('Asia/Kolkata')", 0],
    ["now.getDayOfWeek('Europe/Paris')", 0],
    ['now.getDayOfWeek()', 6],
    ["now.getDate('Europe/Paris')", 29],
    ["now.getDayOfMonth('Europe/Paris')", 28],
    ["now.getMonth('Europe/Paris')", 2],
    ["now.getFullYear('Europe/Paris')", 2026],
    ["now.getDayOfYear('Europe/Paris')", 87],
    ['now.getHours()', 23],
    ["timestamp('2026-03-28T23:30:07.089Z').getSeconds('Asia/Kolkata')", 7],
    ["timestamp('2026-03-28T23:30:07.089999Z').getMilliseconds()", 89],
    ["timestamp('2026-03-28T23:59:59.999999Z').getDate()", 28],
    ["duration('90s').getSeconds()", 90],
  ])('reads the calendar: %s is %d', (expression, value) => {
    expect(refusal(`${expression} == ${value}`)).toBeUndefined();
  });
});
