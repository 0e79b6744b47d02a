import { setTimeout as delay } from 'node:timers/promises';
import { RateLimited } from './errors.ts';

const pauseMs = 250;
/** More aren't held back at once, because what waits takes memory. */
const heldMax = 1_000;

export interface RefusalBrakeOptions {
  /** Bytes of requests that stay in memory while their callers are held back; refusals beyond it aren't held back. */
  bytesMax: number;
}

export interface RefusedRequest {
  /** How long the caller can be held back at most, in milliseconds. */
  pauseMsMax?: number;
  /** What is in memory of the request until the refusal is sent. */
  bytes?: number;
}

/**
 * Returns what is to be awaited before a caller is told an error: a moment for callers over their limits, nothing for
 * others. A caller who tries again at once, at a few calls at a time, would otherwise take most of the process's time with
 * refusals. Those who wait as `Retry-After` asks don't notice.
 */
export function createRefusalBrake({
  bytesMax,
}: RefusalBrakeOptions): (error: unknown, request?: RefusedRequest) => Promise<void> {
  let held = 0;
  let heldBytes = 0;
  return async (error, { pauseMsMax = pauseMs, bytes = 0 } = {}) => {
    if (!(error instanceof RateLimited) || held >= heldMax || heldBytes + bytes > bytesMax) return;
    held += 1;
    heldBytes += bytes;
    await delay(Math.min(pauseMs, pauseMsMax));
    held -= 1;
    heldBytes -= bytes;
  };
}
