import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import {
  requireValidSettings,
  type Webhook,
  type WebhookSettings,
  webhooksPerProgramMax,
} from '../domain/webhook.ts';
import type { App } from './app.ts';

/**
 * Creates a webhook.
 *
 * @throws {ValidationFailed} {@link LimitExceeded}
 */
export async function createWebhook(
  app: App,
  { programId, settings }: { programId: string; settings: WebhookSettings },
): Promise<Webhook> {
  requireSendable(app, settings);
  const now = app.clock();
  const webhook: Webhook = {
    ...settings,
    programId,
    webhookId: app.newWebhookId(),
    disableReason: settings.state === 'DISABLED' ? 'REQUESTED' : undefined,
    secrets: { current: app.newSecret(), previous: undefined },
    failingSince: undefined,
    revision: 1,
    createTime: now,
    updateTime: now,
  };
  await app.webhooks.create(webhook, { max: webhooksPerProgramMax });
  return webhook;
}

/** @throws {ValidationFailed} */
export function requireSendable({ urlRules }: Pick<App, 'urlRules'>, settings: WebhookSettings) {
  requireValidSettings(settings, urlRules);
  const message = urlRules.addressProblem(settings.url);
  if (message !== undefined) throw new ValidationFailed([{ field: 'webhook.url', message }]);
}
