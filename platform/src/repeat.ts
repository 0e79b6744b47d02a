import type { Logger } from './logging.ts';
import { pause } from './waiting.ts';

/**
 * Runs a job again and again until the signal aborts: at once while it says that there is more to do, else after a
 * pause. A failure is logged and ends nothing.
 */
export async function repeat(options: {
  name: string;
  pauseMs: number;
  /** Resolves to whether there is more to do at once. */
  run: () => Promise<boolean>;
  logger: Pick<Logger, 'warn'>;
  signal: AbortSignal;
}): Promise<void> {
  const { name, pauseMs, run, logger, signal } = options;
  while (!signal.aborted) {
    try {
      if (await run()) continue;
    } catch (error) {
      logger.warn({ err: error, job: name }, 'a job failed; it runs again');
    }
    await pause(pauseMs, signal);
  }
}
