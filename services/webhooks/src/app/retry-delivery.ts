import type { Delivery } from '../domain/delivery.ts';
import { DeliveryNotFound } from '../domain/errors.ts';
import type { App } from './app.ts';
import { requireEnabled } from './require-webhook.ts';
import type { WebhookName } from './webhook-name.ts';

const idPattern = /^[1-9]\d{0,17}$/;

/**
 * Begins a delivery anew.
 *
 * @throws {WebhookNotFound} {@link WebhookIsDisabled} {@link DeliveryNotFound}
 */
export async function retryDelivery(
  app: App,
  name: WebhookName & { readonly deliveryId: string },
): Promise<Delivery> {
  const { webhookId } = await requireEnabled(app, name);
  const delivery = idPattern.test(name.deliveryId)
    ? await app.deliveries.retry({ webhookId, deliveryId: BigInt(name.deliveryId) }, app.clock())
    : undefined;
  if (delivery === undefined) throw new DeliveryNotFound(name);
  app.wakeWorkers();
  return delivery;
}
