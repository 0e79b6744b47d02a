// When a failed call is sent again.
import { setTimeout as delay } from 'node:timers/promises';

export interface RetryOptions {
  /** How many times a request is sent at most; 8 by default, and 1 for no retries. */
  attemptsMax?: number | undefined;
}

/** What the calls to an address have in common: retries stop when too many of them fail, and only add load. */
export interface RetryBudget {
  /** Whether there may be a retry now. */
  allows(): boolean;
  note(outcome: 'success' | 'failure'): void;
}

const tokensMax = 100;
const tokensPerSuccess = 0.1;

/** As in gRPC's retry throttling (gRFC A6): a failure takes a token, ten successes give one, and half have to be left. */
export function createRetryBudget(): RetryBudget {
  let tokens = tokensMax;
  return {
    allows: () => tokens > tokensMax / 2,
    note(outcome) {
      const change = outcome === 'success' ? tokensPerSuccess : -1;
      tokens = Math.min(Math.max(tokens + change, 0), tokensMax);
    },
  };
}

const firstBackoffMs = 50;
const backoffMsMax = 2_000;

/**
 * How long to wait before the next attempt: a random part of a bound that doubles (full jitter), after the delay that
 * the service asked for, if it did.
 *
 * @param attempts how many there were
 */
export function pauseMsBefore(
  { attempts, retryAfterMs = 0 }: { attempts: number; retryAfterMs?: number | undefined },
  random: () => number = Math.random,
): number {
  const boundMs = Math.min(firstBackoffMs * 2 ** (attempts - 1), backoffMsMax);
  return retryAfterMs + random() * boundMs;
}

/** Resolves early when the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (signal?.aborted !== true) throw error;
  });
}

/** What {@link within} resolves to when the work isn't done. */
export const late: unique symbol = Symbol('late');

/** What the work resolves to; {@link late} if the time is over or the signal is aborted first. */
export async function within<Result>(
  work: Promise<Result>,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<Result | typeof late> {
  const waiting = new AbortController();
  const stop = () => waiting.abort();
  signal?.addEventListener('abort', stop);
  if (signal?.aborted) stop();
  try {
    return await Promise.race([work, pause(ms, waiting.signal).then((): typeof late => late)]);
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}
