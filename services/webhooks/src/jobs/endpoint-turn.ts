import type { Instant } from '@loyalty/rules/instant.ts';
import type { LeasedEndpoint } from '../app/delivery-store.ts';
import type { Outcome } from '../domain/delivery.ts';
import { type EndpointHealth, healthAfter, healthWhenResumed } from '../domain/endpoint-health.ts';

/** What a worker knows of the endpoint that it serves, whose webhook can be changed, disabled or deleted meanwhile. */
export interface EndpointTurn {
  /** What the next request uses. */
  readonly endpoint: LeasedEndpoint;
  readonly health: EndpointHealth;
  /** Whether another request may be sent. */
  canGoOn(): boolean;
  /** Whether the health isn't the one that is stored. */
  hasLearned(): boolean;
  /** Takes note of what was just read; undefined if nothing more may be sent. */
  refresh(present: LeasedEndpoint | undefined): void;
  /** Takes note of how a request to the endpoint, as it was then, ended. */
  noteOutcome(endpoint: LeasedEndpoint, outcome: Outcome, now: Instant): void;
}

export function createTurn(leased: LeasedEndpoint): EndpointTurn {
  let endpoint = leased;
  let { health } = leased;
  let ended = false;
  return {
    get endpoint() {
      return endpoint;
    },
    get health() {
      return health;
    },
    canGoOn: () => !ended && health.disable === undefined && health.pausedUntil === undefined,
    hasLearned: () =>
      health.failingSince !== endpoint.health.failingSince ||
      health.unreachableCount !== endpoint.health.unreachableCount,
    refresh(present) {
      if (present === undefined) {
        ended = true;
        return;
      }
      // Requests end side by side: what one of them has read may be older.
      if (present.revision < endpoint.revision || present.resumeCount < endpoint.resumeCount)
        return;
      // What was learned before the change says nothing about the endpoint as it is now.
      if (present.revision > endpoint.revision) ({ health } = present);
      else if (present.resumeCount > endpoint.resumeCount) health = healthWhenResumed(health);
      endpoint = present;
    },
    noteOutcome({ revision, resumeCount }, outcome, now) {
      if (revision !== endpoint.revision || resumeCount !== endpoint.resumeCount) return;
      health = healthAfter(health, outcome, now);
    },
  };
}
