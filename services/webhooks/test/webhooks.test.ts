import { create } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  ReplaySchema,
  Webhook_DisableReason,
  Webhook_State,
} from '@loyalty/proto/loyalty/webhooks/v1/webhook_pb.ts';
import pg from 'pg';
import { createWebhook, newProgramId, type Setting, startSetting } from './running-webhooks.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

const admin = () => ({ token: setting.tokens.admin });
const url = 'https://shop.example/hook';

test('a webhook has a secret that only its creation returns', async () => {
  const created = await createWebhook(setting, { url, description: 'orders' });
  expect(created.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(created).toMatchObject({ url, description: 'orders', state: Webhook_State.ENABLED });
  const { programId, webhookId } = created;
  const { webhook } = await setting.client.getWebhook({ programId, webhookId }, admin());
  expect(webhook).toMatchObject({ url, secret: '', etag: created.etag });
  const { webhooks } = await setting.client.listWebhooks({ programId }, admin());
  expect(webhooks).toEqual([webhook]);
});

test('a URL is kept and shown as it will be requested', async () => {
  const odd = 'https:\\\\SHOP.example/a b';
  const created = await createWebhook(setting, { url: odd });
  expect(created.url).toBe('https://shop.example/a%20b');
  const { programId, webhookId } = created;
  const request = { programId, webhookId, updateMask: { paths: ['url'] } };
  const { webhook } = await setting.client.updateWebhook(
    { ...request, webhook: { url: 'https://shop.example:443' } },
    admin(),
  );
  expect(webhook?.url).toBe('https://shop.example/');
});

test('the event id of a list must be text', async () => {
  const { programId, webhookId } = await createWebhook(setting, { url });
  for (const eventId of ['\0', 'a\0b', '\u202e']) {
    const call = setting.client.listDeliveries({ programId, webhookId, eventId }, admin());
    await expect(call).rejects.toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [
        { field: 'event_id', message: 'must not contain control or invisible characters' },
      ],
    });
  }
});

test('a list has pages', async () => {
  const programId = newProgramId();
  const made = [1, 2, 3].map(() => createWebhook(setting, { programId, url }));
  const ids = (await Promise.all(made)).map(({ webhookId }) => webhookId).toSorted();
  const first = await setting.client.listWebhooks({ programId, pageSize: 2 }, admin());
  const pageToken = first.nextPageToken;
  const second = await setting.client.listWebhooks({ programId, pageSize: 2, pageToken }, admin());
  const listed = [...first.webhooks, ...second.webhooks].map(({ webhookId }) => webhookId);
  expect(listed).toEqual(ids);
  expect(second.nextPageToken).toBe('');
});

test('an update changes what its mask names, if the etag is the present one', async () => {
  const { programId, webhookId, etag } = await createWebhook(setting, { url });
  const update = (description: string) =>
    setting.client.updateWebhook(
      {
        programId,
        webhookId,
        webhook: { description, eventTypes: ['points.earned'] },
        updateMask: { paths: ['description'] },
        etag,
      },
      admin(),
    );
  const { webhook } = await update('first');
  expect(webhook).toMatchObject({ description: 'first', url, eventTypes: [] });
  await expect(update('second')).rejects.toMatchObject({ reason: 'ETAG_MISMATCH' });
});

test('what was read can be changed and sent back', async () => {
  const { programId, webhookId } = await createWebhook(setting, { url });
  const pool = new pg.Pool({ connectionString: setting.databaseUrl });
  const [failingSince, pausedUntil] = [-1, 1].map((hours) => setting.now() + hours * 3_600_000);
  await pool.query(
    `UPDATE webhooks SET failing_since = $2, paused_until = $3, state = 'DISABLED', disable_reason = 'GONE' WHERE webhook_id = $1`,
    [webhookId, new Date(failingSince ?? 0), new Date(pausedUntil ?? 0)],
  );
  await pool.end();
  const { webhook: read } = await setting.client.getWebhook({ programId, webhookId }, admin());
  if (read === undefined) throw new Error('no webhook');
  expect(read).toMatchObject({ failingSince: expect.anything(), pausedUntil: expect.anything() });
  const paths = ['description', 'disable_reason', 'failing_since', 'paused_until', 'etag'];
  const changed = { ...read, description: 'orders' };
  const request = { programId, webhookId, webhook: changed, updateMask: { paths } };
  const { webhook } = await setting.client.updateWebhook(request, admin());
  expect(webhook).toMatchObject({ description: 'orders', disableReason: read.disableReason });
});

test('an etag says whether anything is new, and an update asks only for what callers set', async () => {
  const { programId, webhookId, etag } = await createWebhook(setting, { url });
  const pool = new pg.Pool({ connectionString: setting.databaseUrl });
  await pool.query('UPDATE webhooks SET failing_since = now() WHERE webhook_id = $1', [webhookId]);
  await pool.end();
  const { webhook: failing } = await setting.client.getWebhook({ programId, webhookId }, admin());
  expect(failing?.etag).not.toBe(etag);
  const request = { programId, webhookId, updateMask: { paths: ['description'] }, etag };
  const { webhook } = await setting.client.updateWebhook(
    { ...request, webhook: { description: 'orders' } },
    admin(),
  );
  expect(webhook?.description).toBe('orders');
});

test('a webhook can be disabled and enabled', async () => {
  const { programId, webhookId } = await createWebhook(setting, { url });
  const set = async (state: Webhook_State) => {
    const webhook = { state };
    const request = { programId, webhookId, webhook, updateMask: { paths: ['state'] } };
    return (await setting.client.updateWebhook(request, admin())).webhook;
  };
  expect(await set(Webhook_State.DISABLED)).toMatchObject({
    state: Webhook_State.DISABLED,
    disableReason: Webhook_DisableReason.REQUESTED,
  });
  await expect(setting.client.testWebhook({ programId, webhookId }, admin())).rejects.toMatchObject(
    {
      reason: 'ILLEGAL_TRANSITION',
    },
  );
  expect(await set(Webhook_State.ENABLED)).toMatchObject({
    state: Webhook_State.ENABLED,
    disableReason: Webhook_DisableReason.DISABLE_REASON_UNSPECIFIED,
  });
});

test('a deleted webhook is gone', async () => {
  const { programId, webhookId } = await createWebhook(setting, { url });
  await setting.client.deleteWebhook({ programId, webhookId }, admin());
  for (const call of [setting.client.getWebhook, setting.client.deleteWebhook]) {
    await expect(call({ programId, webhookId }, admin())).rejects.toMatchObject({
      reason: 'WEBHOOK_NOT_FOUND',
    });
  }
});

test('another program’s webhook is not found', async () => {
  const { webhookId } = await createWebhook(setting, { url });
  const request = { programId: 'wine-dine', webhookId };
  const token = setting.tokens.scoped;
  await expect(setting.client.getWebhook(request, { token })).rejects.toMatchObject({
    reason: 'WEBHOOK_NOT_FOUND',
  });
});

test('only admins of the program may', async () => {
  const { programId, webhookId } = await createWebhook(setting, { url });
  for (const token of [setting.tokens.service, setting.tokens.member, setting.tokens.scoped]) {
    const call = setting.client.getWebhook({ programId, webhookId }, { token });
    await expect(call).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
  }
});

describe('is refused:', () => {
  test.each([
    [{}, 'webhook'],
    [{ url: 'ftp://shop.example' }, 'webhook.url'],
    [{ url: 'https://user@shop.example' }, 'webhook.url'],
    [{ url, eventTypes: ['points'] }, 'webhook.event_types'],
    [{ url, description: 'x'.repeat(501) }, 'webhook.description'],
    [{ url, webhookId: 'mine', state: 9 as Webhook_State }, 'webhook.state'],
    [{ url: 'https://shop.example/\u202e' }, 'webhook.url'],
    [{ url: 'https://shop.example:0/' }, 'webhook.url'],
    [{ url, webhookId: 'mine' }, 'webhook.webhook_id'],
    [{ url, secret: 'whsec_mine' }, 'webhook.secret'],
    [{ url, disableReason: Webhook_DisableReason.GONE }, 'webhook.disable_reason'],
    [{ url, replay: create(ReplaySchema) }, 'webhook.replay'],
    [{ url, failingSince: create(TimestampSchema) }, 'webhook.failing_since'],
    [{ url, pausedUntil: create(TimestampSchema) }, 'webhook.paused_until'],
  ])('%j', async (webhook, field) => {
    const call = createWebhook(setting, webhook);
    await expect(call).rejects.toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [expect.objectContaining({ field })],
    });
  });

  const from = (seconds: bigint) => ({ case: 'from', value: { seconds } }) as const;
  const ofAlice = { case: 'userId', value: 'alice' } as const;
  test.each([
    [{}],
    [{ to: { seconds: 1n } }],
    [{ start: ofAlice, to: { seconds: 1n } }],
    [{ start: from(1n), fromSequence: 3n }],
    [{ start: from(2n), to: { seconds: 1n } }],
    [{ start: from(99_999_999_999n) }],
  ])('a replay of %o', async (range) => {
    const { programId, webhookId } = await createWebhook(setting, { url });
    const call = setting.client.replayWebhook({ programId, webhookId, ...range }, admin());
    await expect(call).rejects.toMatchObject({ reason: 'VALIDATION_FAILED' });
  });
});

test('a program has a limited number', async () => {
  const programId = newProgramId();
  const all = Array.from({ length: 101 }, () => createWebhook(setting, { programId, url }));
  const results = await Promise.allSettled(all);
  const refused = results.filter(({ status }) => status === 'rejected');
  expect(refused).toEqual([
    { status: 'rejected', reason: expect.objectContaining({ reason: 'LIMIT_EXCEEDED' }) },
  ]);
});
