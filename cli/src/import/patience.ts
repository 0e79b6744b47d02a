import { setTimeout as delay } from 'node:timers/promises';
import { isReasoned } from '@loyalty/platform/errors.ts';

/** Runs a call until it succeeds or fails for good; all calls may be repeated without harm. */
export type Patiently = <Result>(call: () => Promise<Result>) => Promise<Result>;

const firstPauseMs = 200;
const pauseMsMax = 5_000;
const noticeEveryMs = 5_000;

/** A service that was there may be restarting; one that never was has a wrong address, or wasn't started. */
const firstLimitMs = 5_000;
const limitMs = 5 * 60_000;

/**
 * Outlasts restarts of the services: a call that fails because somebody is away or busy is repeated for some minutes.
 * `notice` is told now and then why it takes so long.
 */
export function createPatience({ notice }: { notice: (text: string) => void }): Patiently {
  let hasSucceeded = false;
  let noticedMs = Number.NEGATIVE_INFINITY;
  return async (call) => {
    const began = performance.now();
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, pauseMsMax)) {
      try {
        const result = await call();
        hasSucceeded = true;
        return result;
      } catch (error) {
        const now = performance.now();
        if (!isPassing(error)) throw error;
        if (now - began > (hasSucceeded ? limitMs : firstLimitMs)) throw error;
        if (now - noticedMs > noticeEveryMs) {
          noticedMs = now;
          notice(`${error.message}; trying again`);
        }
        await delay(Math.max(pauseMs, error.retryAfterMs ?? 0));
      }
    }
  };
}

const passingReasons: ReadonlySet<string> = new Set([
  'CANCELLED',
  'CONTENTION',
  'DEADLINE_EXCEEDED',
  'OVERLOADED',
  'PROGRAMS_UNAVAILABLE',
  'RATE_LIMITED',
  'SERVICE_UNAVAILABLE',
  'STORAGE_UNAVAILABLE',
]);

/** Whether a reason of the catalogue says that the same request may succeed later. */
export function isPassingReason(reason: string): boolean {
  return passingReasons.has(reason);
}

function isPassing(error: unknown): error is Error & { retryAfterMs?: number } {
  return isReasoned(error) && isPassingReason(error.reason);
}
