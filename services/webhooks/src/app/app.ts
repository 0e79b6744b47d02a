import type { Instant } from '@loyalty/rules/instant.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { Journal } from './journal.ts';
import type { ReplayStore } from './replay-store.ts';
import type { WebhookStore } from './webhook-store.ts';

/** What the use cases work with. */
export interface App {
  readonly webhooks: WebhookStore;
  readonly deliveries: DeliveryStore;
  readonly replays: ReplayStore;
  readonly journal: Journal;
  readonly urlRules: UrlRules;
  readonly clock: () => Instant;
  readonly newWebhookId: () => string;
  readonly newSecret: () => string;
  /** Has the workers look for deliveries at once. */
  readonly wakeWorkers: () => void;
}

/** Which URLs events may be sent to. */
export interface UrlRules {
  readonly allowsHttp: boolean;
  /** Why nothing may be sent to the host of the URL, if that is an address; undefined for a name, or a good address. */
  readonly addressProblem: (url: string) => string | undefined;
}
