import type { Instant } from '@loyalty/rules/instant.ts';
import type { Attempt, Delivery, Outcome } from '../domain/delivery.ts';
import { outcomeOf } from '../domain/delivery.ts';
import { retryAfterMsOf } from '../domain/retry-schedule.ts';
import { type Secrets, signingSecrets } from '../domain/webhook.ts';
import { failureText } from './failure-text.ts';
import type { Response, SendRequest } from './send-request.ts';
import { signedHeaders } from './signed-headers.ts';

/** Sends a delivery to its endpoint once. Never rejects: what goes wrong is the attempt's error. */
export type AttemptDelivery = (
  delivery: Pick<Delivery, 'eventId' | 'body'>,
  endpoint: { url: string; secrets: Secrets },
) => Promise<{ attempt: Attempt; outcome: Outcome }>;

export function createAttemptDelivery({
  send,
  timeoutMs,
  clock,
}: {
  send: SendRequest;
  timeoutMs: number;
  clock: () => Instant;
}): AttemptDelivery {
  return async ({ eventId, body }, { url, secrets }) => {
    const time = clock();
    const began = performance.now();
    async function sent() {
      const signing = { secrets: signingSecrets(secrets, time), timeMs: time };
      const headers = signedHeaders({ eventId, body, ...signing });
      return await send({ url, headers, body, timeoutMs });
    }
    const result = await sent().catch((error: unknown) => ({ error: failureText(error) }));
    const durationMs = Math.round(performance.now() - began);
    if ('error' in result) {
      const attempt = { time, status: 0, durationMs, error: result.error };
      return { attempt, outcome: outcomeOf(attempt, undefined) };
    }
    const { status, retryAfter } = result;
    const attempt = { time, status, durationMs, error: problemOf(result) };
    return { attempt, outcome: outcomeOf(attempt, retryAfterMsOf(retryAfter, clock())) };
  };
}

function problemOf({ status }: Response): string {
  if (status >= 200 && status < 300) return '';
  return status >= 300 && status < 400 ? 'redirects are not followed' : `HTTP status ${status}`;
}
