import { Contention, Overloaded } from '../domain/errors.ts';
import { createBatchPace } from './batch-pace.ts';
import { type Batch, commitBatch, type QueuedCommand, untried } from './commit-batch.ts';
import type { Command, CommitToLedger } from './ledger-store.ts';
import { KeyCounts, keysOf } from './queue-keys.ts';
import { SetApart } from './set-apart.ts';

/** Gathers commands and commits them together; each gets its own outcome. */
export interface CommitQueue {
  /**
   * Resolves when the command's changes are durable. Commands of one member are decided in the order in which they are
   * submitted, unless they also concern stock.
   *
   * @throws {Overloaded} when it would wait too long
   * @throws {Contention} when it lost against concurrent database transactions too often, or when somebody else kept what it
   * needs locked
   * @throws {StorageUnavailable} when the database is down
   * @throws the error that `decide` threw
   */
  submit<Result>(command: Command<Result>): Promise<Result>;
  /**
   * The queue for commands that one call submits together: it is let in or refused as a whole, however many there are.
   *
   * @throws {Overloaded} when one more command would wait too long
   */
  together(): Promise<CommitQueue>;
}

/** Two ways into the same queue. */
export interface CommitQueues {
  readonly queue: CommitQueue;
  /** For work that no caller waits for. Its callers submit a bounded amount at a time, so it waits and is never OVERLOADED. */
  readonly patientQueue: CommitQueue;
}

export interface CommitQueueOptions {
  commit: CommitToLedger;
  /** The maximum number of commands in a database transaction. */
  maxBatch?: number;
  /** Database transactions in flight. Two keep the database busy while the next batch gathers. */
  maxInFlight?: number;
  /** Further database transactions in flight, for commands that others should not wait for. */
  maxApart?: number;
  /** A command that would wait longer than this for its outcome is refused, in milliseconds. */
  maxWaitMs?: number;
  /**
   * How long the refusal waits, in milliseconds; by default as long as those that are let in, but no longer than a second.
   * Callers that try again at once would otherwise take the time of the others: in one process, refusing a call costs half as
   * much as serving it.
   */
  refuseAfterMs?: number;
  /** Bounds the memory of those that wait, and of those that are held back. */
  maxWaiting?: number;
  /** How long a command is tried while somebody else has locked what it needs: longer than a stopped process keeps locks. */
  maxBlockedMs?: number;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
}

interface BatchInFlight {
  readonly batch: Batch;
  readonly startMs: number;
}

/** Applies until it is known how long commands take. */
const retryAfterMsMin = 100;

/**
 * How large a batch has to be, compared with the one being committed, to be committed beside it. Each database transaction
 * has costs of its own: without this an earn took an eighth more of the ledger's time and a fifth more of PostgreSQL's.
 */
const shareMin = 0.75;

/** A smaller one no longer waits for a batch that has taken this long, because it may stand still. */
const gatherMsMax = 50;

export function createCommitQueue({
  commit,
  maxBatch = 500,
  maxInFlight = 2,
  maxApart = 2,
  maxWaitMs = 1_000,
  refuseAfterMs = Math.min(maxWaitMs, 1_000),
  maxWaiting = 20_000,
  maxBlockedMs = 5_000,
  now = () => performance.now(),
}: CommitQueueOptions): CommitQueues {
  let waiting: QueuedCommand[] = [];
  /** Commands that need a key of commands that are being committed. They hold up nobody else. */
  let heldBack: QueuedCommand[] = [];
  /** The oldest first. Not a Map: the tables that it no longer uses keep batches with all their calls from being collected. */
  let inFlight: readonly BatchInFlight[] = [];
  const apart = new SetApart({ maxBatch, maxBlockedMs, now });
  /** The keys of all commands that were taken and are undecided. */
  const busy = new KeyCounts();
  const pace = createBatchPace();
  let scheduled = false;
  let willLookAgain = false;

  // No fixed pause: a batch is whatever arrived while the previous ones were being committed. The first of a burst
  // waits for the rest of its event loop turn, in which the others of the same read from a socket arrive.
  function schedule(): void {
    if (scheduled || inFlight.length >= maxInFlight || waiting.length === 0) return;
    if (gathersOn()) {
      lookAgain();
      return;
    }
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      const commands = takeCommands();
      if (commands.length === 0) return;
      void run({ commands, ...untried });
      schedule();
    });
  }

  /** Whether what waits is better off with what arrives before the batch in flight ends. */
  function gathersOn(): boolean {
    const [first] = inFlight;
    if (first === undefined) return false;
    const { batch, startMs } = first;
    const sizeMin = Math.min(batch.commands.length * shareMin, maxBatch);
    return waiting.length < sizeMin && now() - startMs < gatherMsMax;
  }

  function lookAgain(): void {
    if (willLookAgain) return;
    willLookAgain = true;
    setTimeout(() => {
      willLookAgain = false;
      schedule();
    }, gatherMsMax);
  }

  /**
   * Takes the commands that waited longest. Those that need a key of commands that are being committed are held back: they
   * would only wait for their locks.
   */
  function takeCommands(): QueuedCommand[] {
    const commands: QueuedCommand[] = [];
    const rest: QueuedCommand[] = [];
    for (const each of waiting) {
      if (busy.hasAny(each.keys)) holdBack(each);
      else if (commands.length < maxBatch) commands.push(each);
      else rest.push(each);
    }
    waiting = rest;
    busy.add(commands);
    return commands;
  }

  async function run(batch: Batch): Promise<void> {
    const startMs = now();
    inFlight = [...inFlight, { batch, startMs }];
    const undecided = await commitBatch(batch, { commit, maxBlockedMs, now });
    inFlight = inFlight.filter((each) => each.batch !== batch);
    pace.observe({ commands: batch.commands.length, ms: now() - startMs });
    apart.add(undecided);
    goOn(batch, undecided);
  }

  async function runApart(batch: Batch): Promise<void> {
    const undecided = await commitBatch(batch, { commit, maxBlockedMs, now });
    apart.replace(batch, undecided);
    goOn(batch, undecided);
  }

  function goOn(batch: Batch, undecided: readonly Batch[]): void {
    busy.remove(batch.commands);
    for (const { commands } of undecided) busy.add(commands);
    busy.remove(apart.expire());
    releaseHeldBack();
    while (apart.running < maxApart) {
      const next = apart.take();
      if (next === undefined) break;
      void runApart(next);
    }
    schedule();
  }

  function holdBack(each: QueuedCommand): void {
    if (heldBack.length < maxWaiting) heldBack.push(each);
    else each.reject(new Contention());
  }

  /** Puts them first, because they were submitted before those that wait. */
  function releaseHeldBack(): void {
    if (heldBack.length === 0) return;
    const { free = [], taken = [] } = Object.groupBy(heldBack, ({ keys }) =>
      busy.hasAny(keys) ? 'taken' : 'free',
    );
    heldBack = taken;
    waiting = [...free, ...waiting];
  }

  /** How long one more command would wait for those before it. */
  function expectedWaitMs(nowMs: number): number {
    const commands = inFlight.reduce(
      (sum, { batch }) => sum + batch.commands.length,
      waiting.length,
    );
    const commandsMs = (commands * pace.msPerCommand) / maxInFlight;
    // These fit into the next batch, which runs anyway: however slow the database, some work goes on.
    if (waiting.length < maxBatch) return commandsMs;
    const commits = Math.floor(waiting.length / maxBatch) + inFlight.length;
    const commitsMs = (commits * pace.msPerBatch) / maxInFlight;
    // A batch that doesn't come back says more than those that did: the database may stand still.
    const oldestStartMs = inFlight[0]?.startMs ?? nowMs;
    return Math.max(commandsMs + commitsMs, nowMs - oldestStartMs);
  }

  function enqueue<Result>(command: Command<Result>, submittedMs: number): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      waiting.push({ command, keys: keysOf(command.needs), submittedMs, resolve, reject });
      schedule();
    });
  }

  function refuse(error: Overloaded): Promise<never> {
    return new Promise((_, reject) => {
      setTimeout(() => reject(error), refuseAfterMs);
    });
  }

  /** Why one more command isn't let in; undefined if it is. */
  function overload(nowMs: number): Overloaded | undefined {
    const waitMs = expectedWaitMs(nowMs);
    if (waitMs <= maxWaitMs && waiting.length < maxWaiting) return undefined;
    return new Overloaded({ retryAfterMs: Math.max(Math.ceil(waitMs), retryAfterMsMin) });
  }

  const patientQueue: CommitQueue = {
    submit: (command) => enqueue(command, now()),
    together: () => Promise.resolve(patientQueue),
  };
  return {
    queue: {
      submit(command) {
        const submittedMs = now();
        const error = overload(submittedMs);
        return error === undefined ? enqueue(command, submittedMs) : refuse(error);
      },
      together() {
        const error = overload(now());
        return error === undefined ? Promise.resolve(patientQueue) : refuse(error);
      },
    },
    patientQueue,
  };
}
