import { setTimeout as delay } from 'node:timers/promises';
import { RateLimited } from './errors.ts';

const pauseMs = 500;
/** How much longer or shorter a pause may be: callers who were refused together would otherwise all come back together. */
const jitter = 0.5;
/** More aren't held back at once, because what waits takes memory. */
const heldMax = 1_000;

/**
 * Returns what is to be awaited before a caller is told an error: a moment for callers over their limits, nothing for
 * others. A caller who tries again at once, at a few calls at a time, would otherwise take most of the process's time with
 * refusals. Those who wait as `Retry-After` asks don't notice.
 */
export function createRefusalBrake(
  wait: (ms: number) => Promise<unknown> = delay,
): (error: unknown, options?: { pauseMsMax?: number }) => Promise<void> {
  let held = 0;
  return async (error, { pauseMsMax = Number.POSITIVE_INFINITY } = {}) => {
    if (!(error instanceof RateLimited) || held >= heldMax) return;
    held += 1;
    const someMs = pauseMs * (1 - jitter + 2 * jitter * Math.random());
    await wait(Math.min(someMs, pauseMsMax));
    held -= 1;
  };
}
