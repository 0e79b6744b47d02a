import type { Logger } from '@loyalty/platform/logging.ts';
import { repeat } from '@loyalty/platform/repeat.ts';
import { pause } from '@loyalty/platform/waiting.ts';

export interface BringUpToDateOptions {
  /** Brings at most `limit` memberships up to date, and resolves to how many it was. */
  bringDueUpToDate: (limit: number) => Promise<number>;
  logger: Logger;
  signal: AbortSignal;
  /** How often it looks for due memberships; 1 s by default. */
  pauseMs?: number;
}

/** How many memberships are brought up to date at once: as many as a database transaction takes. */
const limit = 500;
const progressEveryMs = 10_000;

/**
 * Brings memberships without other activity up to date, until the signal aborts. Replicas may do so concurrently. What was
 * done before an interruption is no longer due, so the next run continues where the last one ended.
 */
export function bringMembershipsUpToDate(options: BringUpToDateOptions): Promise<void> {
  const { logger, signal, pauseMs = 1_000 } = options;
  return repeat({
    name: 'bring-up-to-date',
    pauseMs,
    run: () => bringAllUpToDate(options),
    logger,
    signal,
  });
}

/** Repeats until no more are due. */
async function bringAllUpToDate({
  bringDueUpToDate,
  logger,
  signal,
}: BringUpToDateOptions): Promise<false> {
  const startMs = performance.now();
  let toldMs = startMs;
  let done = 0;
  while (!signal.aborted) {
    const batchMs = performance.now();
    const count = await bringDueUpToDate(limit);
    done += count;
    const nowMs = performance.now();
    if (nowMs - toldMs > progressEveryMs) {
      toldMs = nowMs;
      logger.info({ done }, 'still bringing memberships up to date');
    }
    if (count === 0) break;
    // As long as the batch took, so that calls have the database for themselves at least half of the time.
    await pause(nowMs - batchMs, signal);
  }
  if (toldMs > startMs) logger.info({ done }, 'all memberships are up to date');
  return false;
}
