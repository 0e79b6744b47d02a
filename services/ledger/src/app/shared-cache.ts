import type { Instant } from '@loyalty/rules/instant.ts';
import { Overloaded } from '../domain/errors.ts';

export interface SharedCacheOptions<Query, Result> {
  readonly compute: (query: Query) => Promise<Result>;
  /** The same for queries with the same result. */
  readonly keyOf: (query: Query) => string;
  readonly clock: () => Instant;
  /** How long a result, or a failure, is returned again before it is computed anew. */
  readonly freshMs: number;
  /** How old a result may be that is returned while a newer one is being computed. */
  readonly ageMsMax: number;
  /** How many results are kept; the one that was asked for least recently is dropped first. */
  readonly resultsMax: number;
  /** How many computations may wait for the one that is running. */
  readonly waitingMax: number;
}

/** How a computation ended, and when it began. */
type Outcome<Result> = ({ readonly result: Result } | { readonly error: unknown }) & {
  /** When its age starts to count: for a result, when its computation began; for a failure, when it ended. */
  readonly countsFrom: Instant;
};

interface Slot<Result> {
  /** The outcome of the last computation that has ended. */
  outcome: Outcome<Result> | undefined;
  running: Promise<Result> | undefined;
}

/**
 * Keeps results that are expensive to compute. One is computed at a time, and each at most once within `freshMs`; callers
 * meanwhile share that computation, or get the result before it. A computation goes on after its callers have left.
 *
 * @throws {Overloaded} when too many others wait
 */
export function createSharedCache<Query, Result>(
  options: SharedCacheOptions<Query, Result>,
): (query: Query) => Promise<Result> {
  const { clock, freshMs, ageMsMax } = options;
  // In the order in which they were last asked for, the least recent first.
  const slots = new Map<string, Slot<Result>>();
  let last: Promise<unknown> = Promise.resolve();
  let unfinished = 0;

  function slotOf(key: string): Slot<Result> {
    const slot = slots.get(key) ?? { outcome: undefined, running: undefined };
    slots.delete(key);
    slots.set(key, slot);
    for (const [oldest, { running }] of slots) {
      if (slots.size <= options.resultsMax) break;
      if (running === undefined && oldest !== key) slots.delete(oldest);
    }
    return slot;
  }

  async function compute(slot: Slot<Result>, query: Query): Promise<Result> {
    const countsFrom = clock();
    try {
      const result = await options.compute(query);
      slot.outcome = { result, countsFrom };
      return result;
    } catch (error) {
      // A failure that took long would be too old otherwise, and be repeated at once.
      slot.outcome = { error, countsFrom: clock() };
      throw error;
    } finally {
      slot.running = undefined;
      unfinished -= 1;
    }
  }

  // A clock that was set back makes a result no fresher.
  function isYounger({ countsFrom }: Outcome<Result>, ms: number): boolean {
    const ageMs = clock() - countsFrom;
    return ageMs >= 0 && ageMs < ms;
  }

  return async (query) => {
    const slot = slotOf(options.keyOf(query));
    const { outcome, running } = slot;
    if (running !== undefined) {
      const isUsable = outcome !== undefined && 'result' in outcome && isYounger(outcome, ageMsMax);
      return isUsable ? outcome.result : await running;
    }
    if (outcome !== undefined && isYounger(outcome, freshMs)) {
      if ('error' in outcome) throw outcome.error;
      return outcome.result;
    }
    if (unfinished > options.waitingMax) throw new Overloaded({ retryAfterMs: 5_000 });
    unfinished += 1;
    slot.running = last.then(() => compute(slot, query));
    last = slot.running.catch(() => undefined);
    return await slot.running;
  };
}
