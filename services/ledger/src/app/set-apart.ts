import type { Batch } from './commit-batch.ts';
import type { QueueKey } from './queue-keys.ts';

/**
 * Batches that are tried again beside the queue, so that nobody waits for them who needn't. They stay in the order in which their
 * commands were submitted: none runs while an earlier one concerns the same.
 */
export class SetApart {
  readonly #maxBatch: number;
  readonly #running = new Set<Batch>();
  #batches: Batch[] = [];

  constructor({ maxBatch }: { maxBatch: number }) {
    this.#maxBatch = maxBatch;
  }

  /** How many of them run. */
  get running(): number {
    return this.#running.size;
  }

  add(batches: readonly Batch[]): void {
    this.#batches.push(...batches);
  }

  /**
   * The batch to run next: the one with the fewest attempts, since those with many wait for something that lasts. Those that wait
   * for locks for the first time wait together.
   */
  take(): Batch | undefined {
    const ready = this.#ready().toSorted((a, b) => a.attempts - b.attempts);
    const [first] = ready;
    if (first === undefined) return undefined;
    const together = [first];
    let size = first.commands.length;
    for (const each of ready.slice(1)) {
      if (!first.waits || !each.waits || each.attempts !== first.attempts) continue;
      size += each.commands.length;
      if (size > this.#maxBatch) break;
      together.push(each);
    }
    const batch =
      together.length === 1
        ? first
        : { ...first, commands: together.flatMap(({ commands }) => commands) };
    this.#batches = this.#batches
      .filter((each) => each === first || !together.includes(each))
      .map((each) => (each === first ? batch : each));
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
