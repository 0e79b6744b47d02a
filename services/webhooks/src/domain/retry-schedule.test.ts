import { describe, expect, test } from '@jest/globals';
import { attemptsMax, pauseMs, retryAfterMsOf, retryDelayMs } from './retry-schedule.ts';

test('attempts follow the schedule of Standard Webhooks', () => {
  const delays = Array.from({ length: attemptsMax }, (_, index) => retryDelayMs(index + 1, 0.5));
  const hours = (hour: number) => hour * 3_600_000;
  expect(delays).toEqual([
    5_000,
    300_000,
    1_800_000,
    hours(2),
    hours(5),
    hours(10),
    hours(14),
    hours(20),
    hours(24),
    undefined,
  ]);
});

test('a delay is a tenth shorter or longer at most', () => {
  expect(retryDelayMs(1, 0)).toBe(4_500);
  expect(retryDelayMs(1, 1)).toBe(5_500);
});

test('an endpoint that stays away is paused for longer and longer', () => {
  expect([1, 4, 5, 6, 7, 13, 14, 1_000].map(pauseMs)).toEqual([
    0, 0, 1_000, 2_000, 4_000, 256_000, 300_000, 300_000,
  ]);
});

describe('Retry-After', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  test.each([
    ['120', 120_000],
    ['0', 0],
    ['9999999999', 24 * 3_600_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
    ['soon', undefined],
    [undefined, undefined],
  ])('%s', (header, ms) => {
    expect(retryAfterMsOf(header, now)).toBe(ms);
  });
});
