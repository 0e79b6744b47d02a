import { hash } from 'node:crypto';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { requireStorable } from '@loyalty/platform/rpc/storable.ts';
import { timestampField } from '@loyalty/platform/rpc/timestamps.ts';
import {
  Delivery_State,
  type DeliverySchema,
  Replay_State,
  type ReplaySchema,
  Webhook_DisableReason,
  Webhook_State,
  type Webhook as WebhookMessage,
  WebhookSchema,
} from '@loyalty/proto/loyalty/webhooks/v1/webhook_pb.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { Replay } from '../app/replay-store.ts';
import type { WebhookView } from '../app/webhook-store.ts';
import type { Delivery } from '../domain/delivery.ts';
import { revisionEtag, type Webhook, type WebhookSettings } from '../domain/webhook.ts';

/** A webhook without its secret. */
export function renderWebhook(
  webhook: Webhook & Partial<Pick<WebhookView, 'replay' | 'pausedUntil'>>,
  now: Instant,
): MessageInitShape<typeof WebhookSchema> {
  const { programId, webhookId, url, description, eventTypes, disableReason, replay } = webhook;
  const { pausedUntil = now } = webhook;
  const message: MessageInitShape<typeof WebhookSchema> = {
    programId,
    webhookId,
    url,
    description,
    eventTypes: [...eventTypes],
    state: Webhook_State[webhook.state],
    ...(disableReason !== undefined && { disableReason: Webhook_DisableReason[disableReason] }),
    ...timestampField('previousSecretExpireTime', webhook.secrets.previous?.until),
    ...timestampField('failingSince', webhook.failingSince),
    ...timestampField('pausedUntil', pausedUntil > now ? pausedUntil : undefined),
    ...(replay !== undefined && { replay: renderReplay(replay) }),
    createTime: timestampFromMs(webhook.createTime),
    updateTime: timestampFromMs(webhook.updateTime),
  };
  return { ...message, etag: `${revisionEtag(webhook)}.${digestOf(message)}` };
}

/** Tells apart what a webhook's deliveries, its replay and its pause make of it. */
function digestOf(message: MessageInitShape<typeof WebhookSchema>): string {
  return hash('sha256', toBinary(WebhookSchema, create(WebhookSchema, message)), 'hex').slice(
    0,
    12,
  );
}

/** The same with its secret, for those who have just made it. */
export function renderWithSecret(
  webhook: Webhook,
  now: Instant,
): MessageInitShape<typeof WebhookSchema> {
  return { ...renderWebhook(webhook, now), secret: webhook.secrets.current };
}

function renderReplay(replay: Replay): MessageInitShape<typeof ReplaySchema> {
  const { state, events, error, createTime, updateTime } = replay;
  return {
    state: Replay_State[state],
    events,
    error,
    createTime: timestampFromMs(createTime),
    updateTime: timestampFromMs(updateTime),
  };
}

export function renderDelivery(delivery: Delivery): MessageInitShape<typeof DeliverySchema> {
  const { webhookId, eventId, eventType, state, attemptCount, body } = delivery;
  return {
    deliveryId: String(delivery.deliveryId),
    webhookId,
    eventId,
    eventType,
    state: Delivery_State[state],
    attemptCount,
    ...timestampField('nextAttemptTime', delivery.nextAttemptTime),
    attempts: delivery.attempts.map(({ time, ...attempt }) => ({
      time: timestampFromMs(time),
      ...attempt,
    })),
    body,
    createTime: timestampFromMs(delivery.createTime),
  };
}

/**
 * What a caller decides about a webhook.
 *
 * @throws {ValidationFailed}
 */
export function parseSettings(message: WebhookMessage): WebhookSettings {
  requireStorable(WebhookSchema, message, 'webhook');
  const { url, description, eventTypes } = message;
  const state = message.state === Webhook_State.DISABLED ? 'DISABLED' : 'ENABLED';
  return { url, description, eventTypes, state };
}
