import { LedgerError, ProgramNotActive } from '../domain/errors.ts';
import type { Instant } from '../domain/instant.ts';
import type { Setback } from './dead-letters.ts';
import type { EarnUseCase } from './earn.ts';
import type { ReverseEarnUseCase } from './reverse-earn.ts';
import type { ReadMessage, Regarding, StreamMessage } from './stream-message.ts';

/** What came of a message. Without a setback it has been applied, now or before. */
export interface Outcome {
  readonly regarding: Regarding;
  readonly setback: Setback | undefined;
}

/**
 * Applies a message. `attempt` counts from 1.
 *
 * @throws {StorageUnavailable} {@link Contention} {@link Overloaded} when it is the ledger that can't go on; the
 * message is as good as before
 * @throws an unforeseen error
 */
export type ApplyMessage = (message: StreamMessage, attempt: number) => Promise<Outcome>;

export function createApplyMessage(deps: {
  read: (message: StreamMessage) => ReadMessage;
  earn: EarnUseCase;
  reverseEarn: ReverseEarnUseCase;
  clock: () => Instant;
}): ApplyMessage {
  return async (message, attempt) => {
    const { regarding, ...content } = deps.read(message);
    try {
      if ('problem' in content) throw content.problem;
      if ('earn' in content) await deps.earn(content.earn, message.cause);
      else await deps.reverseEarn(content.refund, message.cause);
      return { regarding, setback: undefined };
    } catch (error) {
      if (!(error instanceof LedgerError) || isLedgersOwn(error)) throw error;
      return { regarding, setback: setbackOf(error, { attempt, now: deps.clock() }) };
    }
  };
}

/** Whether the ledger itself is in trouble, which holds up all messages alike. */
export function isLedgersOwn(error: unknown): error is LedgerError {
  return (
    error instanceof LedgerError &&
    ['STORAGE_UNAVAILABLE', 'CONTENTION', 'OVERLOADED'].includes(error.reason)
  );
}

const firstRetryMs = 1_000;
const lastRetryMs = 5 * 60_000;

function setbackOf(
  error: LedgerError,
  { attempt, now }: { attempt: number; now: Instant },
): Setback {
  const backoffMs = Math.min(firstRetryMs * 2 ** Math.min(attempt, 20), lastRetryMs);
  // Spread, so that what came together doesn't come again together.
  const delayMs = Math.max(error.retryAfterMs ?? 0, backoffMs * (0.75 + Math.random() / 2));
  return {
    state: mayPass(error) ? 'WAITING' : 'DEAD',
    reason: error.reason,
    detail: error.message,
    retryAt: Math.ceil(now + delayMs),
  };
}

/** Whether the same message can succeed later without anybody touching it. */
function mayPass(error: LedgerError): boolean {
  if (error instanceof ProgramNotActive) return error.metadata['state'] !== 'ARCHIVED';
  return ['MEMBERSHIP_SUSPENDED', 'VELOCITY_LIMIT', 'PROGRAMS_UNAVAILABLE'].includes(error.reason);
}
