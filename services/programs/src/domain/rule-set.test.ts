import { describe, expect, test } from '@jest/globals';
import { effectiveTimeOf, leadTimeMs, requireWithdrawable } from './rule-set.ts';

const now = Date.parse('2026-11-22T12:00:00Z');
const inMs = (milliseconds: number) => now + milliseconds;

describe('a version counts', () => {
  test.each([
    { which: 'the first', isFirst: true, requested: undefined, from: 0 },
    { which: 'the first, asked for at this instant', isFirst: true, requested: 0, from: 0 },
    { which: 'the first, asked for later', isFirst: true, requested: 1_000, from: 1_000 },
    { which: 'a later one', isFirst: false, requested: undefined, from: leadTimeMs },
    { which: 'a later one, asked for too soon', isFirst: false, requested: 1, from: leadTimeMs },
    { which: 'a later one, asked for later', isFirst: false, requested: 9_000, from: 9_000 },
  ])('from $from ms after publication on: $which', ({ isFirst, requested, from }) => {
    const wanted = requested === undefined ? undefined : inMs(requested);
    expect(effectiveTimeOf({ requested: wanted, now, publishTime: now, isFirst })).toBe(inMs(from));
  });

  test('never from an instant in the past', () => {
    expect(() =>
      effectiveTimeOf({ requested: inMs(-1), now, publishTime: now, isFirst: true }),
    ).toThrow(/must not be in the past/);
  });
});

describe('a version can be withdrawn', () => {
  const withdraw = (leftMs: number) => () => {
    const ruleSet = {
      programId: 'wine-dine',
      version: 2,
      definition: {} as never,
      timeZone: 'UTC',
      effectiveTime: inMs(leftMs),
      publishTime: now,
      withdrawTime: undefined,
      changedIn: 3n,
      createTime: now,
      updateTime: now,
    };
    requireWithdrawable({ ruleSet, state: 'SCHEDULED' }, now);
  };

  test('while every replica can still hear of it in time', () => {
    expect(withdraw(leadTimeMs)).not.toThrow();
  });

  test('no later', () => {
    expect(withdraw(leadTimeMs - 1)).toThrow(/less than 2 seconds/);
  });
});
