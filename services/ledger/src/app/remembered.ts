import { Overloaded } from '../domain/errors.ts';
import type { Instant } from '../domain/instant.ts';

export interface RememberedOptions<Question, Answer> {
  readonly compute: (question: Question) => Promise<Answer>;
  /** What two questions with the same answer have in common. */
  readonly keyOf: (question: Question) => string;
  readonly clock: () => Instant;
  /** How long an answer, or a failure, is given again before it is computed anew. */
  readonly freshMs: number;
  /** How old an answer may be that is given while a newer one is being computed. */
  readonly ageMsMax: number;
  /** How many answers are remembered; the one that was asked for least recently is forgotten first. */
  readonly answersMax: number;
  /** How many computations may wait for the one that is running. */
  readonly waitingMax: number;
}

/** How a computation ended, and when it began. */
type Ending<Answer> = ({ readonly answer: Answer } | { readonly error: unknown }) & {
  readonly startedAt: Instant;
};

interface Memory<Answer> {
  ending: Ending<Answer> | undefined;
  running: Promise<Answer> | undefined;
}

/**
 * Answers questions that are expensive. One is computed at a time, and each at most once within `freshMs`; those who ask
 * meanwhile wait for it, or get the answer before it. A computation goes on after those who asked for it have left.
 *
 * @throws {Overloaded} when too many others wait
 */
export function createRemembered<Question, Answer>(
  options: RememberedOptions<Question, Answer>,
): (question: Question) => Promise<Answer> {
  const { clock, freshMs } = options;
  const memories = new Map<string, Memory<Answer>>();
  let last: Promise<unknown> = Promise.resolve();
  let unfinished = 0;

  function recall(key: string): Memory<Answer> {
    const memory = memories.get(key) ?? { ending: undefined, running: undefined };
    memories.delete(key);
    memories.set(key, memory);
    for (const [oldest, { running }] of memories) {
      if (memories.size <= options.answersMax) break;
      if (running === undefined && oldest !== key) memories.delete(oldest);
    }
    return memory;
  }

  async function compute(memory: Memory<Answer>, question: Question): Promise<Answer> {
    const startedAt = clock();
    try {
      const answer = await options.compute(question);
      memory.ending = { answer, startedAt };
      return answer;
    } catch (error) {
      memory.ending = { error, startedAt };
      throw error;
    } finally {
      memory.running = undefined;
      unfinished -= 1;
    }
  }

  // A clock that was set back makes an answer no fresher.
  function isYounger({ startedAt }: Ending<Answer>, ageMsMax: number): boolean {
    const ageMs = clock() - startedAt;
    return ageMs >= 0 && ageMs < ageMsMax;
  }

  return async (question) => {
    const memory = recall(options.keyOf(question));
    const { ending, running } = memory;
    if (running !== undefined) {
      const before =
        ending !== undefined && 'answer' in ending && isYounger(ending, options.ageMsMax);
      return before ? ending.answer : await running;
    }
    if (ending !== undefined && isYounger(ending, freshMs)) {
      if ('error' in ending) throw ending.error;
      return ending.answer;
    }
    if (unfinished > options.waitingMax) throw new Overloaded({ retryAfterMs: 5_000 });
    unfinished += 1;
    memory.running = last.then(() => compute(memory, question));
    last = memory.running.catch(() => undefined);
    return await memory.running;
  };
}
