import type { Logger } from '@loyalty/platform/logging.ts';
import type { Nats } from '@loyalty/platform/messaging/connection.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { DeliveryStore } from './app/delivery-store.ts';
import type { ReplayStore } from './app/replay-store.ts';
import type { WebhooksConfig } from './config.ts';
import type { DeliveryMetrics } from './delivery-metrics.ts';

/** What the parts of the service need. */
export interface Runtime {
  readonly config: WebhooksConfig;
  readonly logger: Logger;
  readonly clock: () => Instant;
  readonly deliveries: DeliveryStore;
  readonly replays: ReplayStore;
  readonly nats: Nats;
  readonly metrics: DeliveryMetrics;
  /** Ends the work in the background. */
  readonly signal: AbortSignal;
}
