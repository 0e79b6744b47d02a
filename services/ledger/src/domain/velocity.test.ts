import { describe, expect, test } from '@jest/globals';
import { beginningOfTime } from '@loyalty/rules/instant.ts';
import { countAttempt } from './velocity.ts';

const fresh = { start: beginningOfTime, count: 0 };

describe('a velocity limit', () => {
  test('its minute starts with the first attempt, and the one after it starts anew', () => {
    const first = countAttempt(fresh, { perMinute: 2, now: 1_000 });
    const second = countAttempt(first, { perMinute: 2, now: 60_999 });
    expect(second).toEqual({ start: 1_000, count: 2 });
    expect(countAttempt(second, { perMinute: 2, now: 61_000 })).toEqual({
      start: 61_000,
      count: 1,
    });
  });

  test('who is over it is told when the minute ends', () => {
    const full = { start: 1_000, count: 2 };
    expect(() => countAttempt(full, { perMinute: 2, now: 21_000 })).toThrow(
      expect.objectContaining({ reason: 'VELOCITY_LIMIT', retryAfterMs: 40_000 }),
    );
  });

  test('zero is no limit', () => {
    const full = { start: 1_000, count: 1_000 };
    expect(countAttempt(full, { perMinute: 0, now: 1_001 })).toBe(full);
  });
});
