// The questions that docs/support.md answers, asked at the gateway.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { http } from '../src/http.ts';
import { tokenFor } from '../src/tokens.ts';

let platform: Platform;

beforeAll(async () => {
  platform = await sharedPlatform();
  await liveThroughExample();
}, patience(60_000));

const page = readFileSync(join(root, 'docs/support.md'), 'utf8');
const blocksOf = (language: string) =>
  Array.from(
    page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms')),
    ([, text = '']) => text,
  );

const program = 'programs/wine-dine';
const usd = (minorUnits: number) => ({ currencyCode: 'USD', minorUnits });

/** What happened to Dana before the page begins. */
async function liveThroughExample(): Promise<void> {
  const backend = platform.env['LOYALTY_SERVICE_TOKEN'] ?? '';
  const admin = platform.env['LOYALTY_ADMIN_TOKEN'] ?? '';
  const call = async (token: string, path: string, request: { method?: string; body: object }) => {
    const response = await http(platform, { token, path: `${program}/${path}`, ...request });
    expect(response.status).toBeLessThan(300);
  };
  const buy = (transactionId: string, minorUnits: number) => ({
    userId: 'dana',
    transaction: { transactionId, occurTime: '2026-02-01T12:00:00Z', amount: usd(minorUnits) },
  });
  await call(backend, 'members', { body: { userId: 'dana', attributes: { tier: 'gold' } } });
  await call(backend, 'earns', { body: buy('order-76', 8_000) });
  await call(backend, 'earns', { body: buy('order-77', 25_000) });
  const refund = { refundId: 'return-1', amount: usd(10_000) };
  await call(backend, 'earns/order-77:reverse', { body: refund });
  const attributes = { tier: 'silver' };
  await call(admin, 'members/dana', { method: 'PATCH', body: { attributes } });
}

test('each question is answered by one request, as the page shows it', async () => {
  const { stdout } = await promisify(execFile)('sh', ['-e', '-c', blocksOf('sh').join('\n')], {
    // Where `. .local/env` finds the settings of this platform.
    cwd: platform.directory,
  });
  const responses = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  const shown = blocksOf('json').map((text) => JSON.parse(text) as object);
  expect(responses).toHaveLength(shown.length);
  for (const [index, response] of responses.entries())
    expect(response).toMatchObject(shown[index] ?? {});
});

test('she asks about her own points, and sees what is her business', async () => {
  const token = await tokenFor(platform, 'member', 'dana');
  const own = (path: string, body?: object) =>
    http(platform, { token, path: `${program}/members/me${path}`, ...(body && { body }) });
  const period = 'startTime=2026-01-01T00:00:00Z&endTime=2100-01-01T00:00:00Z';
  const statement = await own(`/statement?${period}&pageSize=1`);
  expect(statement).toMatchObject({
    status: 200,
    body: { closing: { available: 5 }, entries: [{ kind: 'UPDATED', actor: '', requestId: '' }] },
  });
  expect(await own(':quoteEarn', { amount: usd(30_000) })).toMatchObject({
    status: 200,
    body: { points: 15, explanation: [{ displayName: '5 per 100.00 USD', note: '' }] },
  });
  expect((await own('/expiries')).status).toBe(200);
  expect((await own('/maturities')).status).toBe(200);
});

test('a period without an end, or one that ends before it starts, is refused by the name of the field', async () => {
  const token = platform.env['LOYALTY_ADMIN_TOKEN'] ?? '';
  const refused = async (query: string) => {
    const path = `${program}/members/dana/statement?${query}`;
    const { status, body } = await http(platform, { token, path });
    return [status, body['violations']];
  };
  expect(await refused('startTime=2026-01-01T00:00:00Z')).toEqual([
    400,
    [{ field: 'endTime', message: 'must be given' }],
  ]);
  const backwards = 'startTime=2026-02-01T00:00:00Z&endTime=2026-01-01T00:00:00Z';
  expect(await refused(backwards)).toEqual([
    400,
    [{ field: 'endTime', message: 'must be later than startTime' }],
  ]);
});
