import { pause } from '../waiting.ts';

const collectMsMax = 500;

/**
 * What a metric collects at a scrape from something that may be away or hang, such as a database. Metrics must be readable
 * then, too; the last known value is the best available. Metrics that share it ask once.
 */
export function patientCollect(ask: () => Promise<void>): () => Promise<void> {
  let asking: Promise<void> | undefined;
  return async () => {
    asking ??= ask()
      .catch(() => undefined)
      .finally(() => {
        asking = undefined;
      });
    await Promise.race([asking, pause(collectMsMax)]);
  };
}
