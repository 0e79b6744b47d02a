import type { Instant } from '@loyalty/rules/instant.ts';
import type { Page } from '@loyalty/rules/page.ts';
import type { Webhook } from '../domain/webhook.ts';
import type { Replay } from './replay-store.ts';
import type { WebhookName } from './webhook-name.ts';

/** A webhook with its newest replay, and how its deliveries are doing. */
export interface WebhookView extends Webhook {
  readonly replay: Replay | undefined;
  /** No request is sent before this time; it can be past. Undefined if the last pause was ended. */
  readonly pausedUntil: Instant | undefined;
}

export interface WebhookStore {
  /** @throws {LimitExceeded} where the program has `max` webhooks already */
  create(webhook: Webhook, options: { max: number }): Promise<void>;
  find(name: WebhookName): Promise<WebhookView | undefined>;
  /** Ordered by id, starting behind `after`. */
  list(query: {
    programId: string;
    after: string | undefined;
    limit: number;
  }): Promise<Page<WebhookView>>;
  /**
   * Changes a webhook under lock to what `change` makes of it; undefined if there is none. Any change ends the pause:
   * what is due can be sent at once, however often the endpoint couldn't be reached.
   */
  change(
    name: WebhookName,
    change: (present: Webhook) => Webhook,
  ): Promise<WebhookView | undefined>;
  /** Deletes a webhook with its deliveries; false if there is none. */
  remove(name: WebhookName): Promise<boolean>;
  /** How many there are, by state and reason. */
  count(): Promise<readonly { state: string; reason: string; count: number }[]>;
}
