import { WebhookNotFound } from '../domain/errors.ts';
import type { App } from './app.ts';
import type { WebhookName } from './webhook-name.ts';

/**
 * Deletes a webhook with its deliveries.
 *
 * @throws {WebhookNotFound}
 */
export async function deleteWebhook(app: App, name: WebhookName): Promise<void> {
  if (!(await app.webhooks.remove(name))) throw new WebhookNotFound(name);
}
