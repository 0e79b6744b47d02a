import type { Instant } from '@loyalty/rules/instant.ts';
import type { Outcome } from './delivery.ts';
import { pauseMs, unreachableCountMax } from './retry-schedule.ts';
import { type DisableReason, failingMsMax } from './webhook.ts';

/** What is known about an endpoint from the requests to it. */
export interface EndpointHealth {
  /** Since when every delivery has failed; undefined if the last one didn't. */
  readonly failingSince: Instant | undefined;
  /** How many times in a row it couldn't be reached. */
  readonly unreachableCount: number;
  /** No request is sent before this time; undefined if it can be sent at once. */
  readonly pausedUntil: Instant | undefined;
  /** Why it has to be disabled; undefined if it needn't be. */
  readonly disable: DisableReason | undefined;
}

/** What an outcome changes. */
export function healthAfter(
  health: EndpointHealth,
  outcome: Outcome,
  now: Instant,
): EndpointHealth {
  if (outcome.kind === 'DELIVERED') {
    return {
      failingSince: undefined,
      unreachableCount: 0,
      // It was under way when the pause began.
      pausedUntil: health.pausedUntil,
      disable: health.disable,
    };
  }
  const failingSince = health.failingSince ?? now;
  const failed = {
    failingSince,
    disable:
      health.disable ??
      (outcome.kind === 'GONE'
        ? 'GONE'
        : now - failingSince >= failingMsMax
          ? 'FAILING'
          : undefined),
  } as const;
  if (outcome.kind !== 'UNREACHABLE') {
    return { ...failed, unreachableCount: 0, pausedUntil: health.pausedUntil };
  }
  // Requests that were under way when the pause began don't make it longer.
  const unreachableCount = health.unreachableCount + (health.pausedUntil === undefined ? 1 : 0);
  const pausedMs = Math.max(pauseMs(unreachableCount), outcome.retryAfterMs ?? 0);
  const pausedUntil =
    pausedMs === 0 ? health.pausedUntil : Math.max(health.pausedUntil ?? 0, now + pausedMs);
  return { ...failed, unreachableCount, pausedUntil };
}

/** What is still known when an operator has ended the pause. */
export function healthWhenResumed(health: EndpointHealth): EndpointHealth {
  return { ...health, unreachableCount: 0, pausedUntil: undefined };
}

/** Whether the endpoint couldn't be reached so often that one request at a time is enough to find out if it is back. */
export function isAway({ unreachableCount }: EndpointHealth): boolean {
  return unreachableCount >= unreachableCountMax;
}
