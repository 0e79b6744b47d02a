/** Estimates how long commands take to be committed, from how long the last batches took. */
export interface BatchPace {
  /** Counts a batch that has ended. Times are those of one clock, in milliseconds. */
  observe(batch: { commands: number; startMs: number; endMs: number }): void;
  /** In what time so many commands are committed, in milliseconds; 0 before anything is known. */
  expectedMs(commands: number): number;
}

/** What the last batch counts against those before it: enough to follow a database that has recovered within ten batches. */
const lastWeight = 0.2;

/**
 * Counts only batches of some size. A batch of one takes nearly as long as one of fifty: by what it takes for each command, a
 * burst after quiet would be refused that is done in no time.
 */
export function createBatchPace({ commandsMin }: { commandsMin: number }): BatchPace {
  let previousEndMs = Number.NEGATIVE_INFINITY;
  let averageMs = 0;
  let averageCommands = 0;
  return {
    observe({ commands, startMs, endMs }) {
      // Where batches overlap, each counts from the end of the one before.
      const durationMs = endMs - Math.max(startMs, previousEndMs);
      previousEndMs = endMs;
      if (commands < commandsMin) return;
      const weight = averageCommands === 0 ? 1 : lastWeight;
      averageMs += weight * (durationMs - averageMs);
      averageCommands += weight * (commands - averageCommands);
    },
    expectedMs: (commands) =>
      averageCommands === 0 ? 0 : (commands * averageMs) / averageCommands,
  };
}
