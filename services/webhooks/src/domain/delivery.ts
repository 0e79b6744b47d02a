import type { Instant } from '@loyalty/rules/instant.ts';
import { retryDelayMs } from './retry-schedule.ts';

export type DeliveryState = 'PENDING' | 'DELIVERED' | 'FAILED';

/** What is sent first of all that is due: what an operator waits for, then what happens, then what is replayed. */
export type DeliveryPriority = 'URGENT' | 'LIVE' | 'REPLAYED';

/** The most that an endpoint can be given to respond. */
export const timeoutSecondsMax = 30;

/** A request to an endpoint, and its result. */
export interface Attempt {
  readonly time: Instant;
  /** The HTTP status; 0 if there was no response. */
  readonly status: number;
  readonly durationMs: number;
  /** Empty for a success. */
  readonly error: string;
}

export interface Delivery {
  readonly deliveryId: bigint;
  readonly webhookId: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly body: string;
  readonly state: DeliveryState;
  readonly round: number;
  readonly attemptCount: number;
  /** Undefined unless it is pending. */
  readonly nextAttemptTime: Instant | undefined;
  /** The newest, the oldest of them first. */
  readonly attempts: readonly Attempt[];
  readonly createTime: Instant;
}

/** What an endpoint's response means for the delivery and for the endpoint. */
export type Outcome =
  | { readonly kind: 'DELIVERED' }
  /** The endpoint wants no more events. */
  | { readonly kind: 'GONE' }
  /** This event wasn't accepted. Others may be. */
  | { readonly kind: 'REFUSED' }
  /** No event gets through at present. */
  | { readonly kind: 'UNREACHABLE'; readonly retryAfterMs: number | undefined };

const isOverloaded = (status: number) =>
  status === 429 || status === 502 || status === 503 || status === 504;

/** @param retryAfterMs what the response's header asks for */
export function outcomeOf({ status }: Attempt, retryAfterMs: number | undefined): Outcome {
  if (status >= 200 && status < 300) return { kind: 'DELIVERED' };
  if (status === 410) return { kind: 'GONE' };
  return status === 0 || isOverloaded(status)
    ? { kind: 'UNREACHABLE', retryAfterMs }
    : { kind: 'REFUSED' };
}

/** What becomes of a delivery. */
export type NextStep =
  | { readonly state: 'DELIVERED' | 'FAILED' }
  | { readonly state: 'PENDING'; readonly nextAttemptTime: Instant };

/**
 * @param attemptCount with the attempt that had this outcome
 * @param random from 0 to 1
 */
export function nextStep(
  outcome: Outcome,
  { attemptCount, now, random }: { attemptCount: number; now: Instant; random: number },
): NextStep {
  if (outcome.kind === 'DELIVERED') return { state: 'DELIVERED' };
  const delayMs = retryDelayMs(attemptCount, random);
  if (delayMs === undefined) return { state: 'FAILED' };
  const asked = outcome.kind === 'UNREACHABLE' ? (outcome.retryAfterMs ?? 0) : 0;
  return { state: 'PENDING', nextAttemptTime: now + Math.max(delayMs, asked) };
}
