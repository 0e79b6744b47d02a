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

/** What the name servers say of any name. */
const privateAddresses = [{ address: '127.0.0.1', family: 4 }];

let setting: Setting;
let endpoints: Endpoints;
beforeAll(async () => {
  [setting, endpoints] = await Promise.all([
    startSetting({ allowsPrivateAddresses: false }, { resolveName: async () => privateAddresses }),
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

test('a name whose address is one of this machine gets nothing', async () => {
  const port = new URL(endpoints.urlOf('/')).port;
  const { programId, webhookId } = await createWebhook(setting, {
    url: `https://shop.example:${port}/hook`,
  });
  const call = { token: setting.tokens.admin };
  await setting.client.testWebhook({ programId, webhookId }, call);
  const attempt = await eventually(async () => {
    const { deliveries } = await setting.client.listDeliveries({ programId, webhookId }, call);
    const [first] = deliveries[0]?.attempts ?? [];
    if (first === undefined) throw new Error('not tried yet');
    return first;
  });
  // Without naming the address.
  expect(attempt).toMatchObject({ status: 0, error: "the host has an address that isn't public" });
  expect(endpoints.received).toEqual([]);
});
