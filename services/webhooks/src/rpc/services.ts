import { implement, type Mountable } from '@loyalty/platform/rpc/handler.ts';
import { WebhookService } from '@loyalty/proto/loyalty/webhooks/v1/webhook_service_pb.ts';
import type { App } from '../app/app.ts';
import { deliveryHandlers } from './deliveries.ts';
import { webhookHandlers } from './webhooks.ts';

/** All RPC services of this process. */
export function webhooksServices(app: App): Mountable[] {
  return [implement(WebhookService, { ...webhookHandlers(app), ...deliveryHandlers(app) })];
}
