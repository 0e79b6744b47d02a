import type { Attempt, Delivery, DeliveryState, NextStep } from '../domain/delivery.ts';
import type { EndpointHealth } from '../domain/endpoint-health.ts';
import type { Instant } from '../domain/instant.ts';
import type { Secrets } from '../domain/webhook.ts';
import type { Page } from './page.ts';

/** An event as it is sent to webhooks. */
export interface WebhookEvent {
  readonly programId: string;
  readonly eventId: string;
  /** Such as points.earned. */
  readonly type: string;
  /** The whole body of the request. */
  readonly body: string;
}

/** An endpoint that a worker has to itself for a while. */
export interface LeasedEndpoint {
  readonly webhookId: string;
  readonly programId: string;
  readonly url: string;
  readonly secrets: Secrets;
  readonly health: EndpointHealth;
  /** Identifies the lease. */
  readonly lease: string;
}

export interface DeliveryStore {
  /** Adds a delivery for each enabled webhook that wants the event; those that have it already are left as they are. */
  addAll(events: readonly WebhookEvent[], now: Instant): Promise<void>;
  /** Adds or begins anew one delivery to one webhook, and says which. */
  deliver(webhookId: string, event: WebhookEvent, now: Instant): Promise<Delivery>;
  /** The newest first, starting behind the id. */
  list(query: {
    webhookId: string;
    state: DeliveryState | undefined;
    eventId: string | undefined;
    after: bigint | undefined;
    limit: number;
  }): Promise<Page<Delivery>>;
  /** Begins a delivery anew; undefined if the webhook has none with that id. */
  retry(
    name: { webhookId: string; deliveryId: bigint },
    now: Instant,
  ): Promise<Delivery | undefined>;

  /** Leases enabled endpoints that have deliveries due, the longest due first. */
  lease(query: { limit: number; now: Instant; leaseMs: number }): Promise<LeasedEndpoint[]>;
  /** What of an endpoint is due, the oldest first. */
  due(query: { webhookId: string; now: Instant; limit: number }): Promise<Delivery[]>;
  /** Writes an attempt down, unless the delivery was begun anew meanwhile. */
  record(delivery: Delivery, result: { attempt: Attempt; next: NextStep }): Promise<void>;
  /** Gives an endpoint back, with what was learned about it. */
  release(
    endpoint: Pick<LeasedEndpoint, 'webhookId' | 'lease'>,
    health: EndpointHealth,
    now: Instant,
  ): Promise<void>;

  /** Removes finished deliveries, and says how many. */
  removeFinished(query: { before: Instant; limit: number }): Promise<number>;
  /**
   * What is pending for enabled webhooks, counted up to a limit; and when an endpoint that no worker has is due next, or has
   * been.
   */
  backlog(query: {
    limit: number;
    now: Instant;
  }): Promise<{ pending: number; nextTurn: Instant | undefined }>;
}
