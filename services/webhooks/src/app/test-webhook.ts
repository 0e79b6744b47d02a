import type { Delivery } from '../domain/delivery.ts';
import { testEventType } from '../domain/event-types.ts';
import type { App } from './app.ts';
import { requireEnabled } from './require-webhook.ts';
import type { WebhookName } from './webhook-name.ts';

export interface TestWebhook extends WebhookName {
  /** Who asks, and in which call. */
  readonly actor: string;
  readonly requestId: string;
}

/**
 * Delivers a test event to the webhook, whatever its event types are.
 *
 * @throws {WebhookNotFound} {@link WebhookIsDisabled}
 */
export async function testWebhook(app: App, test: TestWebhook): Promise<Delivery> {
  const { programId, webhookId } = await requireEnabled(app, test);
  const { actor, requestId } = test;
  const now = app.clock();
  const eventId = `test-${requestId}`;
  const body = JSON.stringify({
    specversion: '1.0',
    id: eventId,
    source: '/webhooks',
    type: `loyalty.${testEventType}`,
    subject: webhookId,
    time: new Date(now).toISOString(),
    requestid: requestId,
    actor,
    datacontenttype: 'application/json',
    data: { programId, webhookId },
  });
  const event = { programId, eventId, type: testEventType, body };
  const delivery = await app.deliveries.deliver(webhookId, event, now);
  app.wakeWorkers();
  return delivery;
}
