// The service as a deployment runs it: nothing but public endpoints.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import {
  createWebhook,
  type Endpoints,
  type Setting,
  startEndpoints,
  startSetting,
} from './running-webhooks.ts';

let setting: Setting;
let endpoints: Endpoints;
beforeAll(async () => {
  [setting, endpoints] = await Promise.all([
    startSetting({ allowsPrivateAddresses: false }),
    startEndpoints(),
  ]);
});
afterAll(async () => {
  await setting.stop();
  await endpoints.stop();
});

test.each([
  'http://shop.example/hook',
  'https://127.0.0.1/hook',
  'https://[::ffff:127.0.0.1]/hook',
  'https://169.254.169.254/latest/meta-data',
  'https://0x7f000001/hook',
])('%s is refused at once', async (url) => {
  await expect(createWebhook(setting, { url })).rejects.toMatchObject({
    reason: 'VALIDATION_FAILED',
    violations: [expect.objectContaining({ field: 'webhook.url' })],
  });
});

test('a name that is one of this machine gets nothing', async () => {
  const port = new URL(endpoints.urlOf('/')).port;
  const { programId, webhookId } = await createWebhook(setting, {
    url: `https://localhost:${port}/hook`,
  });
  const call = { token: setting.tokens.admin };
  await setting.client.testWebhook({ programId, webhookId }, call);
  const attempt = await eventually(async () => {
    const { deliveries } = await setting.client.listDeliveries({ programId, webhookId }, call);
    const [first] = deliveries[0]?.attempts ?? [];
    if (first === undefined) throw new Error('not tried yet');
    return first;
  });
  expect(attempt.status).toBe(0);
  // Whether the name servers know the name or not.
  expect(attempt.error).toMatch(/isn't public|ENOTFOUND|ENODATA|ECONNREFUSED|ETIMEOUT/);
  expect(attempt.error).not.toMatch(/127\.0\.0\.1|::1/);
  expect(endpoints.received).toEqual([]);
});
