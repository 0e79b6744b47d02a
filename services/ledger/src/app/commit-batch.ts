import { Contention, StorageUnavailable } from '../domain/errors.ts';
import {
  type Command,
  type CommitOutcome,
  type CommitToLedger,
  LockTimeout,
  LostRace,
} from './ledger-store.ts';
import type { QueueKey } from './queue-keys.ts';

/** A command whose caller waits for its outcome. */
export interface QueuedCommand {
  readonly command: Command<unknown>;
  readonly keys: readonly QueueKey[];
  readonly submittedMs: number;
  /** Takes what the command decided. */
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Commands that are tried in one database transaction. */
export interface Batch {
  readonly commands: readonly QueuedCommand[];
  /** Whether to wait for locked rows, or to go on without the commands that need them. */
  readonly waits: boolean;
  readonly attempts: number;
  readonly lostRaces: number;
  readonly outages: number;
  /** When it was first blocked by what somebody else has locked; `Infinity` if it isn't. */
  readonly blockedSinceMs: number;
  /** When the last attempt ended; `-Infinity` before the first. */
  readonly triedMs: number;
}

/** The state of a batch before its first attempt. */
export const untried = {
  waits: false,
  attempts: 0,
  lostRaces: 0,
  outages: 0,
  blockedSinceMs: Number.POSITIVE_INFINITY,
  triedMs: Number.NEGATIVE_INFINITY,
} satisfies Omit<Batch, 'commands'>;

/** The maximum number of lost races, after which a batch is split, or refused if it is a single command. */
const lostRacesMax = { together: 4, alone: 5 };

/**
 * Into how many parts a batch is split to find a command that disturbs the others. Each step can take a lock time-out: with
 * eight, one of 500 stands alone after three of them, with two after nine.
 */
const parts = 8;

/**
 * Tries to commit a batch, and resolves or rejects its commands, except for those that have to be tried again: these are
 * returned, in the order in which they were submitted, as the batches to try.
 */
export async function commitBatch(
  batch: Batch,
  context: { commit: CommitToLedger; maxBlockedMs: number; now: () => number },
): Promise<readonly Batch[]> {
  const { commands, waits } = batch;
  const again = () => ({ ...batch, attempts: batch.attempts + 1, triedMs: context.now() });
  try {
    const outcomes = await context.commit(
      commands.map(({ command }) => command),
      { waits },
    );
    const blocked: QueuedCommand[] = [];
    for (const [index, each] of commands.entries()) {
      const outcome = outcomes[index] as CommitOutcome;
      if (outcome === 'BLOCKED') blocked.push(each);
      else if ('error' in outcome) each.reject(outcome.error);
      else each.resolve(outcome.result);
    }
    return blocked.length === 0
      ? []
      : whileInTime({ ...blockedNow(again()), commands: blocked, waits: true }, context);
  } catch (error) {
    const next = afterFailure(again(), error, context);
    if (next !== undefined) return next;
    const refusal = error instanceof LostRace ? new Contention(error) : error;
    for (const { reject } of commands) reject(refusal);
    return [];
  }
}

/** What to try after a failed attempt; undefined if its error is final. */
function afterFailure(
  batch: Batch,
  error: unknown,
  context: { maxBlockedMs: number; now: () => number },
): readonly Batch[] | undefined {
  const isAlone = batch.commands.length === 1;
  // If the response to COMMIT is lost, the outcome is unknown. The commands are idempotent: run
  // again they find what they wrote, or write it now.
  if (error instanceof StorageUnavailable) {
    return batch.outages === 0
      ? [{ ...batch, outages: 1, blockedSinceMs: untried.blockedSinceMs }]
      : undefined;
  }
  if (error instanceof LostRace) {
    const lostRaces = batch.lostRaces + 1;
    const isLast = lostRaces >= (isAlone ? lostRacesMax.alone : lostRacesMax.together);
    if (!isLast) return [{ ...batch, lostRaces }];
    // Those that didn't take part in the race are not to be refused with the others.
    return isAlone ? undefined : partsOf({ ...batch, lostRaces: 0 });
  }
  if (error instanceof LockTimeout) {
    // Which of the rows are free by now is known without waiting. A key that somebody else has inserted but not committed
    // can't be passed over: the command that needs it has to be found.
    const blocked = blockedNow(batch);
    if (batch.waits) return whileInTime({ ...blocked, waits: false }, context, error);
    return isAlone ? whileInTime(blocked, context, error) : partsOf(blocked);
  }
  // A value that the database refuses: the others go on without it.
  return isAlone ? undefined : partsOf(batch);
}

/** The batch, whose attempt has just ended at what somebody else has locked. */
function blockedNow(batch: Batch): Batch {
  return { ...batch, blockedSinceMs: Math.min(batch.blockedSinceMs, batch.triedMs) };
}

function partsOf(batch: Batch): Batch[] {
  const { commands } = batch;
  const size = Math.ceil(commands.length / parts);
  return Array.from({ length: Math.ceil(commands.length / size) }, (_, index) => ({
    ...batch,
    commands: commands.slice(index * size, (index + 1) * size),
  }));
}

/** The batch without the commands that have been blocked for too long, which are refused. */
function whileInTime(
  batch: Batch,
  { maxBlockedMs, now }: { maxBlockedMs: number; now: () => number },
  cause?: unknown,
): Batch[] {
  const { commands } = batch;
  const oldestMs = now() - maxBlockedMs;
  const isInTime = ({ submittedMs }: QueuedCommand) => submittedMs > oldestMs;
  for (const each of commands) {
    if (!isInTime(each)) each.reject(new Contention(cause));
  }
  const inTime = commands.filter(isInTime);
  return inTime.length === 0 ? [] : [{ ...batch, commands: inTime }];
}
