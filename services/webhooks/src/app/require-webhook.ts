import { WebhookIsDisabled, WebhookNotFound } from '../domain/errors.ts';
import type { App } from './app.ts';
import type { WebhookName } from './webhook-name.ts';
import type { WebhookView } from './webhook-store.ts';

/** @throws {WebhookNotFound} */
export async function requireWebhook(
  { webhooks }: Pick<App, 'webhooks'>,
  name: WebhookName,
): Promise<WebhookView> {
  const webhook = await webhooks.find(name);
  if (webhook === undefined) throw new WebhookNotFound(name);
  return webhook;
}

/** @throws {WebhookNotFound} {@link WebhookIsDisabled} */
export async function requireEnabled(
  app: Pick<App, 'webhooks'>,
  name: WebhookName,
): Promise<WebhookView> {
  const webhook = await requireWebhook(app, name);
  if (webhook.state === 'DISABLED') throw new WebhookIsDisabled(webhook.webhookId);
  return webhook;
}
