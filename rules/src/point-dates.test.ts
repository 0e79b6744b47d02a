import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { ruleSet } from '../test/example.ts';
import { compileRuleSet } from './compile-rule-set.ts';
import { beginningOfTime, endOfTime } from './instant.ts';
import { availableTime, endOfGraceDay, expireTime, inactivityDate } from './point-dates.ts';

const policy = (json: JsonObject, timeZone = 'UTC') =>
  compileRuleSet(ruleSet({ earnRules: [], timeZone, ...json }));
const at = (time: string) => Date.parse(time);

describe('points mature', () => {
  test('at once, with or without a policy that says so', () => {
    const now = at('2026-03-01T10:00:00Z');
    expect(availableTime(policy({}), now)).toBe(beginningOfTime);
    expect(availableTime(policy({ maturation: { immediate: {} } }), now)).toBe(beginningOfTime);
  });

  test.each([
    ['UTC', 14, '2026-03-01T10:00:00Z', '2026-03-16T00:00:00Z'],
    ['UTC', 14, '2026-03-01T00:00:00Z', '2026-03-15T00:00:00Z'],
    ['UTC', 14, '2026-03-01T00:00:00.001Z', '2026-03-16T00:00:00Z'],
    // Summer time begins between purchase and maturity.
    ['Europe/Paris', 7, '2026-03-25T10:00:00Z', '2026-04-01T22:00:00Z'],
    ['Europe/Paris', 7, '2026-03-24T23:00:00Z', '2026-03-31T22:00:00Z'],
    ['America/New_York', 1, '2026-10-31T12:00:00Z', '2026-11-02T05:00:00Z'],
    // Midnight of the day is skipped.
    ['America/Santiago', 1, '2026-09-04T16:00:00Z', '2026-09-06T04:00:00Z'],
  ])('in %s %d days after %s on %s', (zone, days, occurred, available) => {
    const rules = policy({ maturation: { after: { days } } }, zone);
    expect(availableTime(rules, at(occurred))).toBe(at(available));
  });
});

describe('points expire', () => {
  const expires = (json: JsonObject, zone: string, occurred: string, available?: string) =>
    expireTime(policy({ expiry: json }, zone), {
      availableTime: available === undefined ? beginningOfTime : at(available),
      occurTime: at(occurred),
    });

  test('never, with or without a policy that says so', () => {
    const times = { availableTime: beginningOfTime, occurTime: at('2026-01-01T00:00:00Z') };
    expect(expireTime(policy({}), times)).toBe(endOfTime);
    expect(expireTime(policy({ expiry: { never: {} } }), times)).toBe(endOfTime);
  });

  test.each([
    [{ days: 30 }, 'UTC', '2026-01-01T10:00:00Z', '2026-02-01T00:00:00Z'],
    [{ days: 30 }, 'UTC', '2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'],
    [{ months: 1 }, 'UTC', '2026-01-31T10:00:00Z', '2026-03-01T00:00:00Z'],
    [{ months: 1 }, 'UTC', '2028-01-31T10:00:00Z', '2028-03-01T00:00:00Z'],
    [{ months: 12 }, 'UTC', '2028-02-29T10:00:00Z', '2029-03-01T00:00:00Z'],
    [{ months: 12, roundUpTo: 'MONTH' }, 'UTC', '2026-03-10T10:00:00Z', '2027-04-01T00:00:00Z'],
    [{ months: 12, roundUpTo: 'YEAR' }, 'UTC', '2026-03-10T10:00:00Z', '2028-01-01T00:00:00Z'],
    [{ days: 1, roundUpTo: 'MONTH' }, 'UTC', '2026-12-31T10:00:00Z', '2027-02-01T00:00:00Z'],
    [{ months: 6 }, 'Europe/Paris', '2026-01-15T23:30:00Z', '2026-07-16T22:00:00Z'],
    [{ months: 1 }, 'America/New_York', '2026-02-09T03:00:00Z', '2026-03-09T04:00:00Z'],
  ])('after %j in %s from %s on %s', (after, zone, occurred, expected) => {
    expect(expires({ after }, zone, occurred)).toBe(at(expected));
  });

  test('counted from their maturity', () => {
    const expired = expires(
      { after: { months: 1 } },
      'UTC',
      '2026-01-01T10:00:00Z',
      '2026-01-31T00:00:00Z',
    );
    expect(expired).toBe(at('2026-03-01T00:00:00Z'));
  });

  test.each([
    [{ month: 12, day: 31 }, '2026-06-01T10:00:00Z', '2027-01-01T00:00:00Z'],
    [{ month: 12, day: 31 }, '2026-12-31T10:00:00Z', '2027-01-01T00:00:00Z'],
    [{ month: 3, day: 31 }, '2026-04-01T00:00:00Z', '2027-04-01T00:00:00Z'],
    [{ month: 12, day: 31, minimumDays: 90 }, '2026-10-02T10:00:00Z', '2027-01-01T00:00:00Z'],
    [{ month: 12, day: 31, minimumDays: 90 }, '2026-10-03T10:00:00Z', '2028-01-01T00:00:00Z'],
    [{ month: 2, day: 29 }, '2026-01-01T10:00:00Z', '2026-03-01T00:00:00Z'],
    [{ month: 2, day: 29 }, '2028-01-01T10:00:00Z', '2028-03-01T00:00:00Z'],
    [{ month: 4, day: 31 }, '2026-01-31T10:00:00Z', '2026-05-01T00:00:00Z'],
  ])('on %j from %s on %s', (fixedDate, occurred, expected) => {
    expect(expires({ fixedDate }, 'UTC', occurred)).toBe(at(expected));
  });

  test('together, some months after the member last did something', () => {
    const rules = policy({ expiry: { inactivity: { months: 12 } } }, 'Europe/Paris');
    const from = at('2026-02-28T23:30:00Z');
    expect(expireTime(rules, { availableTime: beginningOfTime, occurTime: from })).toBe(
      'INACTIVITY',
    );
    expect(inactivityDate(rules, from)).toBe(at('2027-03-01T23:00:00Z'));
    expect(inactivityDate(policy({}), from)).toBeUndefined();
  });
});

test('returned points live on until the end of the last day of grace', () => {
  const from = at('2026-03-01T23:30:00Z');
  const grace = policy({ refund: { restoreGraceDays: 7 } }, 'Europe/Paris');
  expect(endOfGraceDay(grace, from)).toBe(at('2026-03-09T23:00:00Z'));
  expect(endOfGraceDay(policy({}), from)).toBeUndefined();
});
