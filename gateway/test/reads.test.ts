// Etags and content codings of what is read. fetch decodes bodies by itself, so these tests send their own requests.
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ListEntriesRequest } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import {
  startService,
  startTestGateway,
  type TestGateway,
  type TestService,
  tokenFor,
} from './start-gateway.ts';

let service: TestService;
let gateway: TestGateway;
let alice: string;
let admin: string;
let points = 7n;

const entry = (sequence: number) => ({
  sequence: BigInt(sequence),
  transactionId: `order-${sequence}`,
});

beforeAll(async () => {
  service = await startService({
    getBalance: () => Promise.resolve({ balance: { available: points } }),
    listEntries: ({ pageSize }: ListEntriesRequest) =>
      Promise.resolve({ entries: Array.from({ length: pageSize }, (_, index) => entry(index)) }),
    getProgram: () =>
      Promise.resolve({ program: { etag: 'v1', description: 'Wine & Dine. '.repeat(120) } }),
    createProgram: () => Promise.resolve({ program: { description: 'x'.repeat(2_000) } }),
    getMembership: () => Promise.reject(new Error('x'.repeat(2_000))),
  });
  gateway = await startTestGateway(service.address);
  alice = await tokenFor('member', 'alice');
  admin = await tokenFor('admin', 'ann');
});
afterAll(async () => {
  await gateway.stop();
  await service.stop();
});

interface Received {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function ask(
  path: string,
  headers: Record<string, string> = {},
  { method = 'GET', token = alice, body = '' } = {},
): Promise<Received> {
  return await new Promise((resolve, reject) => {
    const request = httpRequest(`${gateway.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== '' && { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const { statusCode: status } = response;
        resolve({ status, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    request.end(body);
  });
}

const member = '/v1/programs/wine-dine/members/me';
const balance = `${member}/balance`;
const page = (size: number) => `${member}/entries?pageSize=${size}`;
const jsonOf = (body: Buffer): unknown => JSON.parse(body.toString());

describe('a read of something without an etag of its own', () => {
  test('has one that stays until the body changes', async () => {
    const first = await ask(balance);
    const etag = first.headers.etag ?? '';
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    expect(first.headers['cache-control']).toBe('private, no-cache');
    expect((await ask(balance)).headers.etag).toBe(etag);
    const unchanged = await ask(balance, { 'if-none-match': etag });
    expect([unchanged.status, unchanged.headers.etag, unchanged.body.length]).toEqual([
      304,
      etag,
      0,
    ]);
    expect(unchanged.headers).toMatchObject({
      vary: 'Authorization, Accept-Encoding',
      'cache-control': 'private, no-cache',
    });
    points += 1n;
    const changed = await ask(balance, { 'if-none-match': etag });
    expect([changed.status, jsonOf(changed.body)]).toEqual([
      200,
      expect.objectContaining({ available: 8 }),
    ]);
    expect(changed.headers.etag).not.toBe(etag);
  });

  test('has another one on each page of a list', async () => {
    const tags = await Promise.all([page(1), page(2)].map((path) => ask(path)));
    expect(new Set(tags.map(({ headers }) => headers.etag)).size).toBe(2);
  });

  test('that fails has none', async () => {
    const { status, headers } = await ask(`${member}/entries?pageSize=-1`, {
      'if-none-match': '*',
    });
    expect([status, headers.etag, headers['cache-control']]).toEqual([400, undefined, 'no-store']);
  });
});

describe('what is read', () => {
  const plain = async () => await ask(page(40));

  test.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ])('is compressed as %s for a client that takes it', async (coding, decode) => {
    const { status, headers, body } = await ask(page(40), { 'accept-encoding': coding });
    expect([status, headers['content-encoding']]).toEqual([200, coding]);
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(body.length),
      vary: 'Authorization, Accept-Encoding',
    });
    const whole = (await plain()).body;
    expect(decode(body).equals(whole)).toBe(true);
    expect(body.length).toBeLessThan(whole.length / 5);
  });

  test('is sent as it is to a client that takes no coding, and where it is small', async () => {
    for (const [path, headers] of [
      [page(40), {}],
      [page(40), { 'accept-encoding': 'identity' }],
      [page(40), { 'accept-encoding': 'br;q=0, zstd' }],
      [balance, { 'accept-encoding': 'br, gzip' }],
    ] as const) {
      const response = await ask(path, headers);
      expect(response.headers).not.toHaveProperty('content-encoding');
      expect(response.headers.vary).toBe('Authorization, Accept-Encoding');
      expect(() => jsonOf(response.body)).not.toThrow();
    }
  });

  test('has a weak etag where it is compressed, and either is known by the other', async () => {
    for (const path of [page(40), '/v1/programs/wine-dine']) {
      const strong = (await ask(path)).headers.etag ?? '';
      const weak = (await ask(path, { 'accept-encoding': 'gzip' })).headers.etag ?? '';
      expect([strong.startsWith('"'), weak]).toEqual([true, `W/${strong}`]);
      for (const known of [strong, weak, `"other", ${weak}`, '*']) {
        for (const [acceptEncoding, etag] of [
          ['identity', strong],
          ['br', weak],
        ] as const) {
          const response = await ask(path, {
            'if-none-match': known,
            'accept-encoding': acceptEncoding,
          });
          expect([response.status, response.headers.etag]).toEqual([304, etag]);
          expect(response.headers).not.toHaveProperty('content-encoding');
        }
      }
    }
  });

  test('has the same headers when only they are asked for', async () => {
    const headers = { 'accept-encoding': 'br' };
    const get = await ask(page(40), headers);
    const head = await ask(page(40), headers, { method: 'HEAD' });
    expect([head.status, head.body.length]).toEqual([200, 0]);
    for (const name of ['etag', 'content-encoding', 'content-length', 'content-type', 'vary']) {
      expect([name, head.headers[name]]).toEqual([name, get.headers[name]]);
    }
    const etag = get.headers.etag ?? '';
    const known = await ask(page(40), { ...headers, 'if-none-match': etag }, { method: 'HEAD' });
    expect(known.status).toBe(304);
  });

  test('keeps the origin among what it varies by', async () => {
    const other = await startTestGateway(service.address, {
      corsOrigins: ['https://app.example'],
    });
    try {
      const response = await fetch(`${other.url}${balance}`, {
        headers: { authorization: `Bearer ${alice}`, origin: 'https://app.example' },
      });
      expect(response.headers.get('vary')).toBe('Origin, Authorization, Accept-Encoding');
    } finally {
      await other.stop();
    }
  });
});

test('errors are never compressed', async () => {
  const long = 'x'.repeat(1_500);
  const headers = { 'accept-encoding': 'br, gzip' };
  for (const path of [`${page(1)}&${long}=1`, member, `/v1/${long}`]) {
    const { status, headers: received, body } = await ask(path, headers);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(received).not.toHaveProperty('content-encoding');
    expect(received).not.toHaveProperty('etag');
    expect(received['content-type']).toBe('application/problem+json');
    expect(jsonOf(body)).toMatchObject({ status });
  }
});

test('the response to a change is sent as it is', async () => {
  const body = JSON.stringify({ programId: 'wine-dine', displayName: 'Wine & Dine' });
  const response = await ask(
    '/v1/programs',
    { 'accept-encoding': 'br' },
    { method: 'POST', token: admin, body },
  );
  expect(response.status).toBe(201);
  expect(response.headers).not.toHaveProperty('content-encoding');
  expect(response.headers).not.toHaveProperty('etag');
  expect(response.headers['cache-control']).toBe('no-store');
});
