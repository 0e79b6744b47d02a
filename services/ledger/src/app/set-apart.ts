import { Contention } from '../domain/errors.ts';
import type { Batch, QueuedCommand } from './commit-batch.ts';
import type { QueueKey } from './queue-keys.ts';

export interface SetApartOptions {
  /** The maximum number of commands in a batch. */
  maxBatch: number;
  /** How long a batch may be blocked by what somebody else has locked, in milliseconds. */
  maxBlockedMs: number;
  /** Milliseconds of a clock that never goes back. */
  now: () => number;
}

/**
 * Batches that are tried again beside the queue, so that commands that don't need the same keys don't wait for them. They
 * stay in the order in which their commands were submitted: none runs while an earlier one needs one of its keys.
 */
export class SetApart {
  readonly #options: SetApartOptions;
  readonly #running = new Set<Batch>();
  #batches: Batch[] = [];
  #takesNewest = false;

  constructor(options: SetApartOptions) {
    this.#options = options;
  }

  /** How many of them run. */
  get running(): number {
    return this.#running.size;
  }

  add(batches: readonly Batch[]): void {
    this.#batches.push(...batches);
  }

  /** Refuses the commands of batches that have been blocked for too long and aren't being tried, and returns them. */
  expire(): QueuedCommand[] {
    const oldestMs = this.#options.now() - this.#options.maxBlockedMs;
    const { expired = [], left = [] } = Object.groupBy(this.#batches, (batch) =>
      batch.blockedSinceMs <= oldestMs && !this.#running.has(batch) ? 'expired' : 'left',
    );
    this.#batches = left;
    const commands = expired.flatMap((batch) => batch.commands);
    for (const { reject } of commands) reject(new Contention());
    return commands;
  }

  /**
   * The batch to run next. By turns it is the one with the fewest attempts, since those with many wait for something that lasts,
   * and the one that was last tried the longest ago: otherwise it would wait for as long as others come. Those that wait for
   * locks for the first time wait together.
   */
  take(): Batch | undefined {
    const takesNewest = !this.#takesNewest;
    const ready = this.#ready().toSorted(takesNewest ? byAttempts : byLastAttempt);
    const [first] = ready;
    if (first === undefined) return undefined;
    this.#takesNewest = takesNewest;
    const together = [first];
    let size = first.commands.length;
    for (const each of ready.slice(1)) {
      if (!first.waits || !each.waits || each.attempts !== first.attempts) continue;
      size += each.commands.length;
      if (size > this.#options.maxBatch) break;
      together.push(each);
    }
    const batch =
      together.length === 1
        ? first
        : {
            ...first,
            commands: together.flatMap(({ commands }) => commands),
            blockedSinceMs: Math.max(...together.map((each) => each.blockedSinceMs)),
          };
    // In the place of the earliest, or a later one that needs the same keys would overtake it.
    const earliest = this.#batches.find((each) => together.includes(each));
    this.#batches = this.#batches
      .filter((each) => each === earliest || !together.includes(each))
      .map((each) => (each === earliest ? batch : each));
    this.#running.add(batch);
    return batch;
  }

  /** Ends the run of a batch, after which these are left of it. */
  replace(batch: Batch, rest: readonly Batch[]): void {
    this.#running.delete(batch);
    this.#batches = this.#batches.flatMap((each) => (each === batch ? rest : [each]));
  }

  #ready(): Batch[] {
    const claimed = new Set<QueueKey>();
    return this.#batches.filter((batch) => {
      const keys = batch.commands.flatMap((command) => command.keys);
      const isReady = !this.#running.has(batch) && keys.every((key) => !claimed.has(key));
      for (const key of keys) claimed.add(key);
      return isReady;
    });
  }
}

function byAttempts(a: Batch, b: Batch): number {
  return a.attempts - b.attempts || submittedMs(a) - submittedMs(b);
}

function byLastAttempt(a: Batch, b: Batch): number {
  return a.triedMs - b.triedMs || submittedMs(a) - submittedMs(b);
}

/** When the oldest command of the batch was submitted. */
function submittedMs({ commands }: Batch): number {
  return commands[0]?.submittedMs ?? 0;
}
