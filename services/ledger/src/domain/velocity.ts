import type { Instant } from '@loyalty/rules/instant.ts';
import { VelocityLimitReached } from './errors.ts';
import type { VelocityWindow } from './membership.ts';

const minuteMs = 60_000;

/**
 * Counts one attempt in the running minute, which starts with the first attempt after the one before has passed.
 *
 * @param perMinute how many a minute allows; 0 is no limit
 * @throws {VelocityLimitReached} when the minute has its number already
 */
export function countAttempt(
  window: VelocityWindow,
  { perMinute, now }: { perMinute: number; now: Instant },
): VelocityWindow {
  if (perMinute === 0) return window;
  if (now >= window.start + minuteMs) return { start: now, count: 1 };
  if (window.count >= perMinute) {
    throw new VelocityLimitReached({ perMinute, retryAfterMs: window.start + minuteMs - now });
  }
  return { start: window.start, count: window.count + 1 };
}
