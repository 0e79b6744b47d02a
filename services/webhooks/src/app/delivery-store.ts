import type { Instant } from '@loyalty/rules/instant.ts';
import type { Page } from '@loyalty/rules/page.ts';
import type { Attempt, Delivery, DeliveryState, NextStep } from '../domain/delivery.ts';
import type { EndpointHealth } from '../domain/endpoint-health.ts';
import type { Secrets } from '../domain/webhook.ts';

/** An event as it is sent to webhooks. */
export interface WebhookEvent {
  readonly programId: string;
  readonly eventId: string;
  /** The event's type, such as points.earned. */
  readonly type: string;
  /** The whole body of the request. */
  readonly body: string;
}

/** An endpoint that a worker has to itself for a while, as its webhook is now. */
export interface LeasedEndpoint {
  readonly webhookId: string;
  readonly programId: string;
  readonly url: string;
  readonly secrets: Secrets;
  readonly health: EndpointHealth;
  /** Counts the changes of what callers set. */
  readonly revision: number;
  /** Counts how many times an operator's request ended a pause. */
  readonly resumeCount: number;
  /** Identifies the lease. */
  readonly lease: string;
}

export type Lease = Pick<LeasedEndpoint, 'webhookId' | 'lease'>;

export interface DueDeliveries {
  readonly deliveries: readonly Delivery[];
  /** Undefined if the worker doesn't have it any more, or nothing may be sent to it. */
  readonly endpoint: LeasedEndpoint | undefined;
}

export interface DeliveryStore {
  /** Adds a delivery for each enabled webhook that wants the event; those that have it already keep it, and what a replay has added goes on as what happens. */
  addAll(events: readonly WebhookEvent[], now: Instant): Promise<void>;
  /** Adds or begins anew one urgent delivery to one webhook, and says which. Ends a pause. */
  deliver(webhookId: string, event: WebhookEvent, now: Instant): Promise<Delivery>;
  /** The newest first, starting behind the id. */
  list(query: {
    webhookId: string;
    state: DeliveryState | undefined;
    eventId: string | undefined;
    after: bigint | undefined;
    limit: number;
  }): Promise<Page<Delivery>>;
  /** Begins a delivery anew, as an urgent one, and ends a pause; undefined if the webhook has none with that id. */
  retry(
    name: { webhookId: string; deliveryId: bigint },
    now: Instant,
  ): Promise<Delivery | undefined>;

  /**
   * Leases enabled endpoints that have deliveries due, the longest due first, and of each program not more than
   * `perProgramMax` together with those that are served already.
   */
  lease(query: {
    limit: number;
    served: readonly Pick<LeasedEndpoint, 'programId'>[];
    perProgramMax: number;
    now: Instant;
    leaseMs: number;
  }): Promise<LeasedEndpoint[]>;
  /** Puts off the end of leases, except those that another worker has taken over. */
  renew(leases: readonly Lease[], leaseMs: number): Promise<void>;
  /** What of an endpoint is due, what has the highest priority first and of this the oldest, and the endpoint as it is now. */
  due(query: { endpoint: Lease; now: Instant; limit: number }): Promise<DueDeliveries>;
  /**
   * Writes an attempt down, unless the delivery was begun anew or finished meanwhile. Returns the endpoint as it is now;
   * undefined if the worker doesn't have it any more, or nothing may be sent to it.
   */
  noteAttempt(
    result: { delivery: Delivery; attempt: Attempt; next: NextStep },
    endpoint: Lease,
  ): Promise<LeasedEndpoint | undefined>;
  /** Gives an endpoint back, with what was learned about this revision of it. Doesn't undo the end of a pause. */
  release(
    endpoint: Lease & Pick<LeasedEndpoint, 'revision' | 'resumeCount'>,
    health: EndpointHealth,
    now: Instant,
  ): Promise<void>;

  /** Removes finished deliveries, and says how many. */
  removeFinished(query: { before: Instant; limit: number }): Promise<number>;
  /**
   * What is pending for enabled webhooks, counted up to a limit; and when an endpoint that no worker has is due next, or has
   * been.
   */
  backlog(query: { limit: number }): Promise<{ pending: number; nextTurn: Instant | undefined }>;
}
