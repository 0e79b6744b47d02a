import type { Instant } from '@loyalty/rules/instant.ts';
import type { DisableReason } from '../domain/webhook.ts';

/** A webhook that was disabled because of how its endpoint responded. */
export interface DisabledWebhook {
  readonly programId: string;
  readonly webhookId: string;
  readonly description: string;
  readonly reason: DisableReason;
  /** Since when every delivery failed; undefined if the one before succeeded. */
  readonly failingSince: Instant | undefined;
  readonly disabledAt: Instant;
}

/** How disabled webhooks are announced. */
export interface Announcing {
  /** The batch of events that announces one, for the outbox. */
  readonly encodeDisabled: (webhook: DisabledWebhook) => Uint8Array;
  /** Called after every commit that left something in the outbox. */
  readonly wakeRelay: () => void;
}
