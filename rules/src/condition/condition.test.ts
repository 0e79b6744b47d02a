import { describe, expect, test } from '@jest/globals';
import { aPurchase, MEMBER } from '../../test/example.ts';
import { compileCondition, conditionBindings } from './condition.ts';

const NOW = Date.parse('2026-03-28T23:30:00Z');

function refusal(expression: string): string | undefined {
  const bindings = conditionBindings({ transaction: aPurchase(), member: MEMBER, now: NOW });
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

  test.each([
    "int('')",
    "int(' 1')",
    "int('0x10')",
    "int('1.5')",
    "int('9223372036854775808')",
    "uint('')",
    "uint('-1')",
    "uint('0b1')",
    "double('')",
    "double('heavy')",
    "double('0x10')",
    "double('1e999')",
    "double('NaN')",
    "duration('')",
    "duration('-')",
    "duration('1h 30m')",
    "duration('5')",
    "duration('9999999h')",
    "timestamp('')",
    "timestamp('2026-02-30T00:00:00Z')",
    "timestamp('2026-01-01T24:00:00Z')",
  ])('fails where a text is none of what it is read as: %s', (expression) => {
    expect(refusal(`${expression} == ${expression}`)).toMatch(
      /^condition failed: .*(int|double|parse)/,
    );
  });

  test.each([
    ["int('-5')", '-5'],
    ["int('+007')", '7'],
    ["int('-9223372036854775808')", '-9223372036854775808'],
    ["uint('18446744073709551615')", '18446744073709551615u'],
    ["double('-1.5e3')", '-1500.0'],
    ["double('.5')", '0.5'],
    ["double('2')", '2.0'],
    ["duration('-1h30m')", "duration('-5400s')"],
    ["duration('1.5s20.25ms')", "duration('1520250us')"],
    ["duration('0')", "duration('0s')"],
    ["timestamp('2028-02-29T23:59:59.5+02:00')", "timestamp('2028-02-29T21:59:59.500Z')"],
  ])('reads %s as %s', (expression, value) => {
    expect(refusal(`${expression} == ${value}`)).toBeUndefined();
  });
});
