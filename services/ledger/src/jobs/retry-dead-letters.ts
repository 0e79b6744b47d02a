import type { Logger } from '@loyalty/platform/logging.ts';
import { repeat } from '@loyalty/platform/repeat.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import { type Outcome, unforeseenFailure } from '../app/apply-message.ts';
import type { DeadLetters, DueLetter, Failure } from '../app/dead-letters.ts';
import type { StreamMessage } from '../app/stream-message.ts';
import { LedgerUnavailable } from '../domain/errors.ts';

export interface RetryDeadLettersOptions {
  deadLetters: DeadLetters;
  /** Applies a message, at its first attempt or a later one; see {@link applyMessage}. */
  apply: (message: StreamMessage, attempt: number) => Promise<Outcome>;
  clock: () => Instant;
  logger: Logger;
  signal: AbortSignal;
  /** How often it looks for due messages; 1 s by default. */
  pauseMs?: number;
}

const limit = 200;
/** Longer than any attempt takes; what its process left behind is taken up again after it. */
const leaseMs = 60_000;

/** Tries waiting messages again when they are due, until the signal aborts. Replicas share the work. */
export function retryDeadLetters(options: RetryDeadLettersOptions): Promise<void> {
  const { logger, signal, pauseMs = 1_000 } = options;
  return repeat({
    name: 'retry-dead-letters',
    pauseMs,
    run: () => retryDue(options),
    logger,
    signal,
  });
}

async function retryDue(options: RetryDeadLettersOptions): Promise<boolean> {
  const { deadLetters, clock } = options;
  const due = await deadLetters.takeDue({ limit, leaseMs, now: clock() });
  const applied = await Promise.all(due.map((letter) => retry(letter, options)));
  const done = due.filter((_, index) => applied[index]).map(({ deadLetterId }) => deadLetterId);
  if (done.length > 0) await deadLetters.remove(done);
  return due.length === limit;
}

/** Resolves to whether the message has been applied. */
async function retry(letter: DueLetter, options: RetryDeadLettersOptions): Promise<boolean> {
  const { deadLetterId } = letter;
  try {
    const failure = await failureOf(letter, options);
    if (failure === undefined) return true;
    await options.deadLetters.recordFailure(deadLetterId, failure);
  } catch (error) {
    // It is due again when the lease ends.
    if (!(error instanceof LedgerUnavailable)) {
      const details = { err: error, deadLetterId: String(deadLetterId) };
      options.logger.error(details, 'the outcome of a dead letter could not be stored');
    }
  }
  return false;
}

/** The outcome of another attempt; undefined once the message has been applied. */
async function failureOf(
  { deadLetterId, message, attempts }: DueLetter,
  { apply, clock, logger }: RetryDeadLettersOptions,
): Promise<Failure | undefined> {
  const attempt = attempts + 1;
  try {
    const { failure } = await apply(message, attempt);
    return failure;
  } catch (error) {
    if (error instanceof LedgerUnavailable) throw error;
    const { streamSequence } = message;
    const details = { err: error, deadLetterId: String(deadLetterId), streamSequence };
    logger.error(details, 'a dead letter fails with an internal error');
    return unforeseenFailure({ attempt, now: clock() });
  }
}
