import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import {
  validSettings,
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
  const sendable = sendableSettings(app, settings);
  const now = app.clock();
  const webhook: Webhook = {
    ...sendable,
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

/**
 * The settings of a webhook that events may be sent to, with the URL as it will be requested.
 *
 * @throws {ValidationFailed}
 */
export function sendableSettings(
  { urlRules }: Pick<App, 'urlRules'>,
  settings: WebhookSettings,
): WebhookSettings {
  const valid = validSettings(settings, urlRules);
  const message = urlRules.addressProblem(valid.url);
  if (message !== undefined) throw new ValidationFailed([{ field: 'webhook.url', message }]);
  return valid;
}
