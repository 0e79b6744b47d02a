import type { Logger } from '@loyalty/platform/logging.ts';
import { repeat } from '@loyalty/platform/repeat.ts';
import { pause } from '@loyalty/platform/waiting.ts';
import { type DuePosition, type GiveNoticesApp, giveNotices } from '../app/give-notices.ts';

export interface GiveNoticesOptions extends GiveNoticesApp {
  logger: Logger;
  signal: AbortSignal;
}

/** Members per database transaction: few, so that none takes long. */
const limit = 200;
/** The longest time from midnight, or from the earning of points for a near date, to the notice. */
const everyMs = 10 * 60_000;
/** How often it looks at the clock. */
const pauseMs = 1_000;

/**
 * Looks every ten minutes which members should have a notice, until the signal aborts. Replicas may do so concurrently: each
 * notice is given by one of them.
 */
export function giveNoticesRegularly(options: GiveNoticesOptions): Promise<void> {
  const { clock, logger, signal } = options;
  let nextAt = 0;
  return repeat({
    name: 'give-notices',
    pauseMs,
    async run() {
      const now = clock();
      if (now < nextAt) return false;
      await giveAll(options);
      nextAt = now + everyMs;
      return false;
    },
    logger,
    signal,
  });
}

async function giveAll(options: GiveNoticesOptions): Promise<void> {
  const { notices, signal } = options;
  const daysMax = await notices.daysMax();
  if (daysMax === 0) return;
  let after: DuePosition | undefined;
  do {
    const startMs = performance.now();
    after = await giveNotices(options, { daysMax, after, limit });
    // As long as it took, so that calls have the database for themselves at least half of the time.
    await pause(performance.now() - startMs, signal);
  } while (after !== undefined && !signal.aborted);
}
