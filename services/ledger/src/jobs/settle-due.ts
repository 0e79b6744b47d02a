import type { Logger } from '@loyalty/platform/logging.ts';
import { pause } from '@loyalty/platform/waiting.ts';
import { repeat } from './repeat.ts';

export interface SettleDueOptions {
  /** Settles at most so many, and resolves to how many it settled. */
  settleDue: (limit: number) => Promise<number>;
  logger: Logger;
  signal: AbortSignal;
  /** How often it looks for due memberships; 1 s by default. */
  pauseMs?: number;
}

/** Memberships at once: as many as a transaction takes. */
const limit = 500;
const progressEveryMs = 10_000;

/**
 * Settles memberships that nobody touches, until the signal aborts. Replicas may do it at the same time. Whatever was
 * settled before an interruption is not due any more, so that the next run goes on where the last one ended.
 */
export function settleDueMemberships(options: SettleDueOptions): Promise<void> {
  const { logger, signal, pauseMs = 1_000 } = options;
  return repeat({
    name: 'settle-due',
    pauseMs,
    run: () => settleAll(options),
    logger,
    signal,
  });
}

/** Goes on until no more are due. */
async function settleAll({ settleDue, logger, signal }: SettleDueOptions): Promise<false> {
  const startMs = performance.now();
  let toldMs = startMs;
  let settled = 0;
  while (!signal.aborted) {
    const batchMs = performance.now();
    const count = await settleDue(limit);
    settled += count;
    const nowMs = performance.now();
    if (nowMs - toldMs > progressEveryMs) {
      toldMs = nowMs;
      logger.info({ settled }, 'settling memberships goes on');
    }
    if (count === 0) break;
    // As long as the batch took, so that calls have the database for themselves at least half of the time.
    await pause(nowMs - batchMs, signal);
  }
  if (toldMs > startMs) logger.info({ settled }, 'settling memberships is done');
  return false;
}
