import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { encodeOutboxBatch } from '@loyalty/platform/outbox/batch.ts';
import { WebhookDisabledSchema } from '@loyalty/proto/loyalty/events/v1/webhook_disabled_pb.ts';
import { Webhook_DisableReason as DisableReason } from '@loyalty/proto/loyalty/webhooks/v1/webhook_pb.ts';
import type { DisabledWebhook } from '../app/disabled-webhook.ts';
import { disabledEventType } from '../domain/event-types.ts';

/** The outbox row that announces that a webhook was disabled: one CloudEvent. A webhook is disabled once at an instant. */
export function encodeWebhookDisabled({
  programId,
  webhookId,
  description,
  reason,
  failingSince,
  disabledAt,
}: DisabledWebhook): Uint8Array {
  const eventId = `${webhookId}-disabled-${disabledAt}`;
  return encodeOutboxBatch([
    {
      eventId,
      subject: `loyalty.events.v1.${programId}.${disabledEventType}`,
      headers: {
        'ce-specversion': '1.0',
        'ce-id': eventId,
        'ce-source': '/webhooks',
        'ce-type': `loyalty.${disabledEventType}`,
        'ce-time': new Date(disabledAt).toISOString(),
        'ce-subject': webhookId,
        'ce-requestid': '',
        'ce-actor': 'system',
        'content-type': 'application/protobuf',
      },
      data: toBinary(
        WebhookDisabledSchema,
        create(WebhookDisabledSchema, {
          ...{ programId, webhookId, description },
          reason: DisableReason[reason],
          ...(failingSince !== undefined && { failingSince: timestampFromMs(failingSince) }),
        }),
      ),
    },
  ]);
}
