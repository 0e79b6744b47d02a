import { areEtagsCurrent, type EtagConditions } from '@loyalty/rules/etag-conditions.ts';
import { EtagMismatch } from '@loyalty/rules/etag-mismatch.ts';
import { WebhookNotFound } from '../domain/errors.ts';
import {
  isCurrentEtag,
  revisionEtag,
  type Webhook,
  type WebhookSettings,
} from '../domain/webhook.ts';
import type { App } from './app.ts';
import { sendableSettings } from './create-webhook.ts';
import type { WebhookName } from './webhook-name.ts';
import type { WebhookView } from './webhook-store.ts';

export interface UpdateWebhook extends WebhookName {
  readonly fields: Partial<WebhookSettings>;
  readonly etags: EtagConditions;
}

/**
 * Changes a webhook. Enabling one, also one that is enabled, forgets that its endpoint failed.
 *
 * @throws {WebhookNotFound} {@link EtagMismatch} {@link ValidationFailed}
 */
export async function updateWebhook(app: App, update: UpdateWebhook): Promise<WebhookView> {
  const webhook = await app.webhooks.change(update, (present) => changed(app, present, update));
  if (webhook === undefined) throw new WebhookNotFound(update);
  app.wakeWorkers();
  return webhook;
}

function changed(app: App, present: Webhook, { fields, etags }: UpdateWebhook): Webhook {
  if (!areEtagsCurrent(etags, (etag) => isCurrentEtag(present, etag))) {
    throw new EtagMismatch(
      'The webhook has changed since its etag was read; read it again',
      revisionEtag(present),
    );
  }
  const { url, description, eventTypes, state } = { ...present, ...fields };
  const settings = sendableSettings(app, { url, description, eventTypes, state });
  const webhook = { ...present, ...settings };
  const isDisabled = webhook.state === 'DISABLED';
  return {
    ...webhook,
    disableReason: isDisabled ? (present.disableReason ?? 'REQUESTED') : undefined,
    failingSince: fields.state === 'ENABLED' ? undefined : present.failingSince,
    revision: present.revision + 1,
    updateTime: app.clock(),
  };
}
