import { setTimeout as delay } from 'node:timers/promises';
import { isReasoned, type Reasoned } from '@loyalty/platform/errors.ts';

/** Retries what fails for a while, such as during the restart of a service, in one piece of work after another. */
export interface Retries {
  begin(): Turn;
}

/** One piece of work that may have to be tried several times. */
export interface Turn {
  /** A part of it is done: the rest is given all the time again. */
  advance(): void;
  /**
   * Waits until it is worth trying again.
   *
   * @throws the error, when trying again is no use, or has been for too long
   */
  pause(error: unknown): Promise<void>;
}

const firstPauseMs = 200;
const pauseMsMax = 5_000;
const noticeEveryMs = 5_000;

/** A service that was there may be restarting; one that never was has a wrong address, or wasn't started. */
const firstLimitMs = 5_000;
const limitMs = 5 * 60_000;

/** @param notice is called now and then with the reason for waiting */
export function createRetries({ notice }: { notice: (text: string) => void }): Retries {
  let hasAdvanced = false;
  let noticedMs = Number.NEGATIVE_INFINITY;
  return {
    begin() {
      let beganMs = performance.now();
      let pauseMs = firstPauseMs;
      return {
        advance() {
          hasAdvanced = true;
          beganMs = performance.now();
          pauseMs = firstPauseMs;
        },
        async pause(error) {
          if (!mayPass(error)) throw error;
          const now = performance.now();
          if (now - beganMs > (hasAdvanced ? limitMs : firstLimitMs)) throw error;
          if (now - noticedMs > noticeEveryMs) {
            noticedMs = now;
            notice(`${error.message}; trying again`);
          }
          await delay(Math.max(pauseMs, error.retryAfterMs ?? 0));
          pauseMs = Math.min(pauseMs * 2, pauseMsMax);
        },
      };
    },
  };
}

/** What a connection that breaks amounts to; the service itself says when to try again. */
const lostConnection: ReadonlySet<string> = new Set([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'SERVICE_UNAVAILABLE',
]);

function mayPass(error: unknown): error is Reasoned {
  return (
    isReasoned(error) && (error.retryAfterMs !== undefined || lostConnection.has(error.reason))
  );
}

/** Runs a call until it succeeds, or fails for good. */
export async function withRetries<Result>(
  retries: Retries,
  call: () => Promise<Result>,
): Promise<Result> {
  const turn = retries.begin();
  for (;;) {
    try {
      const result = await call();
      turn.advance();
      return result;
    } catch (error) {
      await turn.pause(error);
    }
  }
}
