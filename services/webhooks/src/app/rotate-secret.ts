import { WebhookNotFound } from '../domain/errors.ts';
import { rotated } from '../domain/webhook.ts';
import type { App } from './app.ts';
import type { WebhookName } from './webhook-name.ts';
import type { WebhookView } from './webhook-store.ts';

/**
 * Gives a webhook a new secret.
 *
 * @throws {WebhookNotFound}
 */
export async function rotateSecret(app: App, name: WebhookName): Promise<WebhookView> {
  const now = app.clock();
  const webhook = await app.webhooks.change(name, (present) => ({
    ...present,
    secrets: rotated(present.secrets, app.newSecret(), now),
    revision: present.revision + 1,
    updateTime: now,
  }));
  if (webhook === undefined) throw new WebhookNotFound(name);
  return webhook;
}
