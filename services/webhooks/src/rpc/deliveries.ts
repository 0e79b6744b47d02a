import { pageRequest, sequencePosition } from '@loyalty/platform/paging.ts';
import { actorOf } from '@loyalty/platform/rpc/actor.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import { Delivery_State, DeliverySchema } from '@loyalty/proto/loyalty/webhooks/v1/webhook_pb.ts';
import type { WebhookService } from '@loyalty/proto/loyalty/webhooks/v1/webhook_service_pb.ts';
import type { App } from '../app/app.ts';
import { requireWebhook } from '../app/require-webhook.ts';
import { retryDelivery } from '../app/retry-delivery.ts';
import { testWebhook } from '../app/test-webhook.ts';
import type { DeliveryState } from '../domain/delivery.ts';
import { renderDelivery } from './webhook-message.ts';

/** What is on its way to webhooks. */
export function deliveryHandlers(
  app: App,
): Pick<Handlers<typeof WebhookService>, 'testWebhook' | 'listDeliveries' | 'retryDelivery'> {
  return {
    async testWebhook({ programId, webhookId }, context) {
      const { requestId } = context;
      const test = { programId, webhookId, actor: actorOf(context), requestId };
      return { delivery: renderDelivery(await testWebhook(app, test)) };
    },

    async listDeliveries(request) {
      const { webhookId } = await requireWebhook(app, request);
      const state = states.get(request.state);
      const eventId = request.eventId === '' ? undefined : request.eventId;
      const list = {
        filter: { list: 'deliveries', webhookId, state, eventId },
        position: sequencePosition,
      };
      const query = { webhookId, state, eventId, ...pageRequest(request, list) };
      const page = await app.deliveries.list(query);
      const { messages, nextPageToken } = renderPage({
        page: { ...page, positions: page.items.map(({ deliveryId }) => deliveryId) },
        list,
        schema: DeliverySchema,
        render: renderDelivery,
      });
      return { deliveries: messages, nextPageToken };
    },

    async retryDelivery(request) {
      return { delivery: renderDelivery(await retryDelivery(app, request)) };
    },
  };
}

const states: ReadonlyMap<Delivery_State, DeliveryState> = new Map([
  [Delivery_State.PENDING, 'PENDING'],
  [Delivery_State.DELIVERED, 'DELIVERED'],
  [Delivery_State.FAILED, 'FAILED'],
]);
