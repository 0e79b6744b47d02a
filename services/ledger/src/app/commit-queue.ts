import { Contention, Overloaded, StorageUnavailable } from '../domain/errors.ts';
import { type Command, type CommitToLedger, LostRace } from './ledger-store.ts';

/** Gathers commands and commits them together; each gets its own outcome. */
export interface CommitQueue {
  /**
   * Resolves when the command's changes are durable.
   *
   * @param series commands of the same one are decided in the order in which they are submitted: where they don't fit into
   * one transaction, the next one waits for it
   * @throws {Overloaded} when too many commands wait
   * @throws {Contention} when it lost against concurrent database transactions too often
   * @throws {StorageUnavailable} when the database is down
   * @throws the error that `decide` threw
   */
  submit<Result>(command: Command<Result>, series?: object): Promise<Result>;
}

export interface CommitQueueOptions {
  commit: CommitToLedger;
  /** The maximum number of commands in a database transaction. */
  maxBatch?: number;
  /** Transactions at once. Two keep the database busy while the next batch gathers. */
  maxInFlight?: number;
  /** Commands that wait or run; one more is refused. */
  maxWaiting?: number;
}

interface Waiting {
  readonly command: Command<unknown>;
  readonly series: object | undefined;
  /** Takes what the command decided. */
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

const maxAttempts = 5;

export function createCommitQueue({
  commit,
  maxBatch = 500,
  maxInFlight = 2,
  maxWaiting = 10_000,
}: CommitQueueOptions): CommitQueue {
  let waiting: Waiting[] = [];
  const running = new Set<object>();
  let unanswered = 0;
  let inFlight = 0;
  let scheduled = false;

  // No timer: a batch is whatever arrived while the previous ones were being committed. The first of a burst
  // waits for the rest of its event loop turn, in which the others of the same read from a socket arrive.
  function schedule(): void {
    if (scheduled || inFlight >= maxInFlight || waiting.length === 0) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      const batch = takeBatch();
      if (batch.length === 0) return;
      const series = new Set(batch.flatMap((each) => each.series ?? []));
      for (const each of series) running.add(each);
      inFlight += 1;
      void commitBatch(commit, batch).finally(() => {
        inFlight -= 1;
        unanswered -= batch.length;
        for (const each of series) running.delete(each);
        schedule();
      });
      schedule();
    });
  }

  /** The commands that waited longest, without those whose series is being committed. */
  function takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    const rest: Waiting[] = [];
    for (const each of waiting) {
      const mayRun = each.series === undefined || !running.has(each.series);
      (mayRun && batch.length < maxBatch ? batch : rest).push(each);
    }
    waiting = rest;
    return batch;
  }

  return {
    submit<Result>(command: Command<Result>, series?: object): Promise<Result> {
      if (unanswered >= maxWaiting) return Promise.reject(new Overloaded());
      unanswered += 1;
      return new Promise<Result>((resolve, reject) => {
        waiting.push({ command, series, resolve, reject });
        schedule();
      });
    },
  };
}

/** Commits a batch and resolves or rejects every command in it, whatever happens. */
async function commitBatch(commit: CommitToLedger, batch: readonly Waiting[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const outcomes = await commit(batch.map(({ command }) => command));
      for (const [index, outcome] of outcomes.entries()) {
        const { resolve, reject } = batch[index] as Waiting;
        if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.result);
      }
      return;
    } catch (error) {
      if (error instanceof LostRace && attempt < maxAttempts) continue;
      // If the response to COMMIT is lost, the outcome is unknown. The commands are idempotent: run
      // again they find what they wrote, or write it now.
      if (error instanceof StorageUnavailable && attempt === 1) continue;
      // A value that the database refuses: the others go on without it.
      const culprit = !(error instanceof LostRace || error instanceof StorageUnavailable);
      if (culprit && batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        await commitBatch(commit, batch.slice(0, middle));
        await commitBatch(commit, batch.slice(middle));
        return;
      }
      const answer = error instanceof LostRace ? new Contention(error) : error;
      for (const { reject } of batch) reject(answer);
      return;
    }
  }
}
