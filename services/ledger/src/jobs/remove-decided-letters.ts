import type { Logger } from '@loyalty/platform/logging.ts';
import { repeat } from '@loyalty/platform/repeat.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { DeadLetters } from '../app/dead-letters.ts';

export interface RemoveDecidedLettersOptions {
  deadLetters: Pick<DeadLetters, 'removeDecided'>;
  /** How long a dead letter is kept after it was replayed or discarded. */
  keepMs: number;
  clock: () => Instant;
  logger: Logger;
  signal: AbortSignal;
  /** How often it looks; 10 minutes by default. */
  pauseMs?: number;
}

/** How many are removed at once: few, so that no lock lasts. */
const limit = 200;

/** Removes dead letters that were decided about long ago, until the signal aborts. Replicas share the work. */
export function removeDecidedLetters(options: RemoveDecidedLettersOptions): Promise<void> {
  const { deadLetters, keepMs, clock, logger, signal, pauseMs = 10 * 60_000 } = options;
  return repeat({
    name: 'remove-decided-letters',
    pauseMs,
    async run() {
      const removed = await deadLetters.removeDecided({ before: clock() - keepMs, limit });
      return removed === limit;
    },
    logger,
    signal,
  });
}
