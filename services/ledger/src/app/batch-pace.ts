/** Estimates how long commands wait for a database transaction, from how long the last ones took. */
export interface BatchPace {
  /** Counts a batch that took so long. */
  observe(batch: { commands: number; durationMs: number }): void;
  /**
   * How long one more command would wait until its own batch starts, in milliseconds.
   *
   * @param queue.waiting commands that wait already
   * @param queue.oldestMs the age of the oldest batch that runs
   */
  expectedWaitMs(queue: { waiting: number; oldestMs: number }): number;
}

/** What a batch counts against those before it: little, and the more the fuller it is, since those that follow are full. */
const weightOf = { any: 0.02, full: 0.3 };

/**
 * Counts batches, not commands: a batch of one takes nearly as long as one of a hundred, so that the time for each command says
 * nothing about a burst after quiet.
 */
export function createBatchPace({
  maxBatch,
  maxInFlight,
}: {
  maxBatch: number;
  maxInFlight: number;
}): BatchPace {
  let averageMs = 0;
  return {
    observe({ commands, durationMs }) {
      const weight = weightOf.any + (weightOf.full * commands) / maxBatch;
      averageMs += weight * (durationMs - averageMs);
    },
    // A batch that hasn't come back says more than those that have: the database may stand still.
    expectedWaitMs: ({ waiting, oldestMs }) =>
      ((waiting / maxBatch + 1) * Math.max(averageMs, oldestMs)) / maxInFlight,
  };
}
