import { isFieldSet } from '@bufbuild/protobuf';
import { ValidationFailed } from '@loyalty/platform/errors.ts';
import { pageRequest, textPosition } from '@loyalty/platform/paging.ts';
import { etagConditions } from '@loyalty/platform/rpc/etag-conditions.ts';
import { pathsToUpdate } from '@loyalty/platform/rpc/field-mask.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import { required, requireSameId } from '@loyalty/platform/rpc/required.ts';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import {
  type Webhook as WebhookMessage,
  WebhookSchema,
} from '@loyalty/proto/loyalty/webhooks/v1/webhook_pb.ts';
import type {
  ReplayWebhookRequest,
  WebhookService,
} from '@loyalty/proto/loyalty/webhooks/v1/webhook_service_pb.ts';
import type { App } from '../app/app.ts';
import { createWebhook } from '../app/create-webhook.ts';
import { deleteWebhook } from '../app/delete-webhook.ts';
import { type ReplayWebhook, replayWebhook } from '../app/replay-webhook.ts';
import { requireWebhook } from '../app/require-webhook.ts';
import { rotateSecret } from '../app/rotate-secret.ts';
import { updateWebhook } from '../app/update-webhook.ts';
import type { WebhookView } from '../app/webhook-store.ts';
import type { WebhookSettings } from '../domain/webhook.ts';
import { parseSettings, renderWebhook, renderWithSecret } from './webhook-message.ts';

type Handled =
  | 'createWebhook'
  | 'getWebhook'
  | 'listWebhooks'
  | 'updateWebhook'
  | 'deleteWebhook'
  | 'rotateSecret'
  | 'replayWebhook';

/** Webhooks themselves. */
export function webhookHandlers(app: App): Pick<Handlers<typeof WebhookService>, Handled> {
  const render = (webhook: WebhookView) => renderWebhook(webhook, app.clock());
  return {
    async createWebhook({ programId, webhook }) {
      const message = required(webhook, 'webhook');
      requireSameId('webhook.program_id', { inBody: message.programId, inPath: programId });
      requireNothingAssigned(message);
      const created = await createWebhook(app, { programId, settings: parseSettings(message) });
      return { webhook: renderWithSecret(created, app.clock()) };
    },

    async getWebhook(request) {
      return { webhook: render(await requireWebhook(app, request)) };
    },

    async listWebhooks(request) {
      const { programId } = request;
      const list = { filter: { list: 'webhooks', programId }, position: textPosition };
      const page = await app.webhooks.list({ programId, ...pageRequest(request, list) });
      const { messages, nextPageToken } = renderPage({
        page: { ...page, positions: page.items.map(({ webhookId }) => webhookId) },
        list,
        schema: WebhookSchema,
        render,
      });
      return { webhooks: messages, nextPageToken };
    },

    async updateWebhook(request) {
      const { programId, webhookId, updateMask } = request;
      const message = required(request.webhook, 'webhook');
      requireSameId('webhook.program_id', { inBody: message.programId, inPath: programId });
      requireSameId('webhook.webhook_id', { inBody: message.webhookId, inPath: webhookId });
      const paths = pathsToUpdate({
        schema: WebhookSchema,
        message,
        field: 'webhook',
        mask: updateMask,
        updatable: Object.keys(settingFields),
        ignored: readOnlyFields,
      });
      const given = parseSettings(message);
      const fields = Object.entries(settingFields)
        .filter(([path]) => paths.has(path))
        .map(([, field]) => [field, given[field]]);
      const webhook = await updateWebhook(app, {
        programId,
        webhookId,
        fields: Object.fromEntries(fields) as Partial<WebhookSettings>,
        etags: etagConditions(request.etag, message.etag),
      });
      return { webhook: render(webhook) };
    },

    async deleteWebhook(request) {
      await deleteWebhook(app, request);
      return {};
    },

    async rotateSecret(request) {
      return { webhook: renderWithSecret(await rotateSecret(app, request), app.clock()) };
    },

    async replayWebhook(request) {
      const { programId, webhookId } = request;
      const range = rangeOf(request);
      return { webhook: render(await replayWebhook(app, { programId, webhookId, range })) };
    },
  };
}

const settingFields = {
  url: 'url',
  description: 'description',
  event_types: 'eventTypes',
  state: 'state',
} as const satisfies Readonly<Record<string, keyof WebhookSettings>>;

/** What a caller who changes what it has read sends back; the secret isn't part of that. */
const readOnlyFields = [
  'program_id',
  'webhook_id',
  'disable_reason',
  'previous_secret_expire_time',
  'failing_since',
  'paused_until',
  'replay',
  'etag',
  'create_time',
  'update_time',
];

/** What only the platform sets, and a caller who sends it would miss. An etag and times only say which version was read. */
const assignedFields: readonly string[] = [
  'webhook_id',
  'disable_reason',
  'secret',
  'previous_secret_expire_time',
  'failing_since',
  'paused_until',
  'replay',
];

/** @throws {ValidationFailed} */
function requireNothingAssigned(message: WebhookMessage): void {
  const violations = WebhookSchema.fields
    .filter((field) => assignedFields.includes(field.name) && isFieldSet(message, field))
    .map(({ name }) => ({
      field: `webhook.${name}`,
      message: 'is set by the server; leave it out',
    }));
  if (violations.length > 0) throw new ValidationFailed(violations);
}

function rangeOf(request: ReplayWebhookRequest): ReplayWebhook['range'] {
  const { start, fromSequence } = request;
  if (start.case === 'userId') return { userId: start.value, fromSequence };
  const from = msOfTimestamp(start.value, 'from') ?? 0;
  return { from, to: msOfTimestamp(request.to, 'to') };
}
