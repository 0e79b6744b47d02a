/** Estimates how long batches take, from the last ones: a time for each batch, and one for each of its commands. */
export interface BatchPace {
  /** Counts a batch that has ended. */
  observe(batch: { commands: number; ms: number }): void;
  /** Milliseconds that a batch takes however few its commands are; 0 before anything is known. */
  readonly msPerBatch: number;
  /** Milliseconds that each command adds to its batch; 0 before batches of different sizes were seen. */
  readonly msPerCommand: number;
}

/** The weight of the last batch against those before it: enough to follow a database that has recovered within ten batches. */
const lastWeight = 0.2;

/** Sizes that differ by less than the root of this say little of what a command takes, as chance changes times as well. */
const sizeVarianceMin = 25;

/**
 * A line through the sizes and times of the last batches, each of which counts less the older it is. The average time per command
 * would not do: a batch of one takes nearly as long as one of fifty, so a burst after quiet would be refused although it takes
 * no time.
 */
export function createBatchPace(): BatchPace {
  let isFirst = true;
  let meanCommands = 0;
  let meanMs = 0;
  let variance = 0;
  let covariance = 0;

  function slope(): number {
    if (isFirst) return 0;
    const fitted = covariance / (variance + sizeVarianceMin);
    return Math.min(Math.max(fitted, 0), meanMs / meanCommands);
  }

  return {
    observe({ commands, ms }) {
      const weight = isFirst ? 1 : lastWeight;
      isFirst = false;
      const [moreCommands, moreMs] = [commands - meanCommands, ms - meanMs];
      meanCommands += weight * moreCommands;
      meanMs += weight * moreMs;
      variance = (1 - weight) * (variance + weight * moreCommands ** 2);
      covariance = (1 - weight) * (covariance + weight * moreCommands * moreMs);
    },
    get msPerBatch() {
      return meanMs - slope() * meanCommands;
    },
    get msPerCommand() {
      return slope();
    },
  };
}
