// Members over HTTP: who says what about them, and who sees it.

import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { http } from '../src/http.ts';
import { tokenFor } from '../src/tokens.ts';

let platform: Platform;

beforeAll(async () => {
  platform = await sharedPlatform();
}, patience(60_000));

interface Request {
  method?: string;
  body?: object;
  headers?: Record<string, string>;
}

const members = 'programs/wine-dine/members';
const backend = (path: string, request: Request = {}) =>
  http(platform, { token: platform.env['LOYALTY_SERVICE_TOKEN'] ?? '', path, ...request });
const admin = (path: string, request: Request = {}) =>
  http(platform, { token: platform.env['LOYALTY_ADMIN_TOKEN'] ?? '', path, ...request });
const member = async (userId: string, path: string, request: Request = {}) =>
  http(platform, { token: await tokenFor(platform, 'member', userId), path, ...request });

const fieldsOf = ({ body }: { body: Record<string, unknown> }) =>
  (body['violations'] as { field: string }[] | undefined)?.map(({ field }) => field);

async function buy(userId: string): Promise<void> {
  const transaction = {
    transactionId: `order-of-${userId}`,
    occurTime: '2026-01-31T18:30:00Z',
    amount: { currencyCode: 'USD', minorUnits: 25_000 },
  };
  const body = { userId, transaction };
  expect(await backend('programs/wine-dine/earns', { body })).toMatchObject({ status: 201 });
}

describe('joining', () => {
  test('a member is me in the body, as in a path', async () => {
    const joined = await member('ann', members, { body: { userId: 'me' } });
    expect(joined).toMatchObject({ status: 201, location: `/v1/${members}/ann` });
    const again = await member('ann', members, { body: { userId: 'me' } });
    expect(again).toMatchObject({ status: 200, body: { userId: 'ann' } });
    expect(await member('ann', `${members}/me`)).toMatchObject({ body: { userId: 'ann' } });
    for (const operator of [backend, admin]) {
      const refused = await operator(members, { body: { userId: 'me' } });
      expect([refused.status, fieldsOf(refused)]).toEqual([400, ['userId']]);
    }
  });

  test('a member can’t make themselves gold, neither at first nor by coming back', async () => {
    const body = { userId: 'me', attributes: { tier: 'gold' }, joinTime: '2020-01-01T00:00:00Z' };
    const refused = await member('bob', members, { body });
    expect([refused.status, fieldsOf(refused)]).toEqual([400, ['attributes', 'joinTime']]);

    await backend(members, { body: { userId: 'bob', attributes: { tier: 'silver' } } });
    await member('bob', `${members}/me:leave`, { body: {} });
    expect((await member('bob', members, { body })).status).toBe(400);
    const back = await member('bob', members, { body: { userId: 'me' } });
    expect(back).toMatchObject({ status: 201, body: { attributes: { tier: 'silver' } } });
  });

  test('a backend can bring a member from elsewhere, once', async () => {
    const body = {
      userId: 'carol',
      joinTime: '2020-01-01T00:00:00Z',
      attributes: { tier: 'gold' },
    };
    expect(await backend(members, { body })).toMatchObject({ status: 201, body });
    expect(await backend(members, { body })).toMatchObject({ status: 200, body });
    const other = { ...body, joinTime: '2021-01-01T00:00:00Z', attributes: { tier: 'silver' } };
    expect(await backend(members, { body: other })).toMatchObject({
      status: 409,
      body: { reason: 'ALREADY_EXISTS', metadata: { fields: 'attributes["tier"],joinTime' } },
    });
  });
});

describe('attributes', () => {
  const patch = (attributes: object | null, headers = {}) =>
    backend(`${members}/dave`, { method: 'PATCH', headers, body: { attributes } });

  test('of two backends don’t wipe each other’s, and stale updates are refused', async () => {
    const joined = await backend(members, {
      body: { userId: 'dave', attributes: { tier: 'gold' } },
    });
    expect(joined.etag).toBe('"1.1"');
    await buy('dave');
    const updated = await patch({ newsLetter: 'yes' }, { 'if-match': '"1.1"' });
    expect(updated).toMatchObject({ status: 200, etag: '"2.3"' });
    expect(updated.body['attributes']).toEqual({ tier: 'gold', newsLetter: 'yes' });
    expect(await patch({ tier: 'silver' }, { 'if-match': '"1.1"' })).toMatchObject({
      status: 412,
      body: { reason: 'ETAG_MISMATCH' },
    });
    const removed = await patch({ newsLetter: null }, { 'if-match': '"2.3"' });
    expect(removed.body['attributes']).toEqual({ tier: 'gold' });
  });

  test('are all that an update changes; the rest is refused by name', async () => {
    const body = { state: 'SUSPENDED', attributes: { tier: 'gold' } };
    const state = await backend(`${members}/dave`, { method: 'PATCH', body });
    expect([state.status, fieldsOf(state)]).toEqual([400, ['state']]);
    const unknown = await backend(`${members}/dave`, { method: 'PATCH', body: { color: 'red' } });
    expect([unknown.status, fieldsOf(unknown)]).toEqual([400, ['color']]);
    expect(fieldsOf(await patch(null))).toEqual(['attributes']);
    expect((await backend(`${members}/dave`)).body['state']).toBe('ACTIVE');
  });
});

test('who has a membership already is told so until its attributes or its balance change', async () => {
  await backend(members, { body: { userId: 'erin' } });
  const first = await backend(`${members}/erin`);
  const unlessChanged = () =>
    backend(`${members}/erin`, { headers: { 'if-none-match': first.etag ?? '' } });
  expect(await unlessChanged()).toMatchObject({ status: 304, body: {} });
  await buy('erin');
  expect(await unlessChanged()).toMatchObject({ status: 200, etag: '"0.2"' });
});

test('a member sees of their journal what is their business', async () => {
  await member('frank', members, { body: { userId: 'me' } });
  await buy('frank');
  const body = { points: -3, reason: 'suspected fraud' };
  await admin(`${members}/frank:adjust`, { body, headers: { 'idempotency-key': 'a' } });
  const { body: page } = await member('frank', `${members}/me/entries`);
  expect(page['entries']).toMatchObject([
    { kind: 'ADJUST', reason: '', actor: '', requestId: '' },
    { kind: 'EARN', actor: '', requestId: '' },
    { kind: 'JOINED', actor: 'member', requestId: expect.stringMatching(/./) },
  ]);
  const { body: whole } = await admin(`${members}/frank/entries`);
  expect(whole['entries']).toMatchObject([
    { reason: 'suspected fraud', actor: 'admin:local-admin' },
    { actor: 'service:local-shop' },
    { actor: 'member' },
  ]);
});
