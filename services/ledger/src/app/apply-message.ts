import { DomainError } from '@loyalty/rules/domain-error.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import { AheadOfClock, LedgerUnavailable, ProgramNotActive } from '../domain/errors.ts';
import type { MessagingApp } from './app.ts';
import type { Failure } from './dead-letters.ts';
import { earn } from './earn.ts';
import { reverseEarn } from './reverse-earn.ts';
import type { StreamMessage, SubmissionName } from './stream-message.ts';

/** The outcome of a message. Without a failure, it was applied now or before. */
export interface Outcome {
  readonly about: SubmissionName;
  readonly failure: Failure | undefined;
}

/**
 * Applies a message. `attempt` counts from 1.
 *
 * @throws {LedgerUnavailable} when the ledger itself can't go on; the message can be tried again as it is
 * @throws an unforeseen error
 */
export async function applyMessage(
  app: MessagingApp,
  message: StreamMessage,
  attempt: number,
): Promise<Outcome> {
  const { about, textOf, ...content } = app.readMessage(message);
  try {
    if ('problem' in content) throw content.problem;
    if ('earn' in content) await earn(app, content.earn, message.author);
    else await reverseEarn(app, content.refund, message.author);
    return { about, failure: undefined };
  } catch (error) {
    if (!(error instanceof DomainError) || error instanceof LedgerUnavailable) throw error;
    const failed = { attempt, now: app.clock() };
    return { about, failure: failureOf(error, { ...failed, detail: textOf(error) }) };
  }
}

/** A failed attempt, counted from 1. */
interface Attempt {
  readonly attempt: number;
  readonly now: Instant;
}

/** The maximum attempts of a message that fails unexpectedly. */
const unforeseenMax = 5;

/** The outcome after an internal error, which may be temporary or the message's own fault. */
export function unforeseenFailure(failed: Attempt): Failure {
  return {
    state: failed.attempt < unforeseenMax ? 'WAITING' : 'DEAD',
    reason: 'INTERNAL',
    detail: 'An internal error occurred; the log has it under the number in the stream',
    failTime: failed.now,
    retryAt: retryTime(failed),
  };
}

function failureOf(error: DomainError, failed: Attempt & Pick<Failure, 'detail'>): Failure {
  return {
    state: mayPass(error) ? 'WAITING' : 'DEAD',
    reason: error.reason,
    detail: failed.detail,
    failTime: failed.now,
    retryAt: retryTime(failed, error.retryAfterMs),
  };
}

const firstRetryMs = 1_000;
const lastRetryMs = 5 * 60_000;

function retryTime({ attempt, now }: Attempt, retryAfterMs = 0): Instant {
  const backoffMs = Math.min(firstRetryMs * 2 ** Math.min(attempt, 20), lastRetryMs);
  // Spread, so that messages that failed together aren't retried together.
  const delayMs = Math.max(retryAfterMs, backoffMs * (0.75 + Math.random() / 2));
  return Math.ceil(now + delayMs);
}

/** Whether the same message can succeed later without intervention. */
function mayPass(error: DomainError): boolean {
  if (error instanceof AheadOfClock) return true;
  if (error instanceof ProgramNotActive) return error.metadata['state'] !== 'ARCHIVED';
  return ['MEMBERSHIP_SUSPENDED', 'VELOCITY_LIMIT', 'PROGRAMS_UNAVAILABLE'].includes(error.reason);
}
