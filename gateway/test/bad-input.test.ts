import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { talk } from '@loyalty/local/talk.ts';
import { defaultLimits } from '../src/limits.ts';
import {
  send,
  startService,
  startTestGateway,
  type TestGateway,
  type TestService,
  tokenFor,
} from './start-gateway.ts';

let service: TestService;
let gateway: TestGateway;
let backend: string;
let calls = 0;

beforeAll(async () => {
  const respond = () => {
    calls += 1;
    return Promise.resolve({ program: {}, membership: {}, earn: {}, balance: {} });
  };
  service = await startService({
    getProgram: respond,
    getMembership: respond,
    listMembers: respond,
    listEntries: respond,
    earn: () => {
      calls += 1;
      return Promise.resolve({ earn: { programId: 'wine-dine', transactionId: 't' }, balance: {} });
    },
    updateMembership: respond,
  });
  gateway = await startTestGateway(service.address, {
    limits: { ...defaultLimits, requestArrivalMsMax: 400 },
  });
  backend = await tokenFor('service', 'checkout');
});

afterAll(async () => {
  await gateway?.stop();
  await service?.stop();
});

const earns = '/v1/programs/wine-dine/earns';
const money = '{"currencyCode":"USD","minorUnits":1}';

function earn(fields: { amount?: string; occurTime?: string; rest?: string }): string {
  const { amount = money, occurTime = '"2026-01-01T12:00:00Z"', rest = '' } = fields;
  return `{"userId":"alice","transaction":{"transactionId":"t","occurTime":${occurTime},"amount":${amount}${rest}}}`;
}

async function post(body: string, headers: Record<string, string> = {}) {
  return send(`${gateway.url}${earns}`, 'POST', { token: backend, body, headers });
}

describe('a body is refused by the name of its field, and reaches no service:', () => {
  const minorUnits = (value: string) =>
    earn({ amount: `{"currencyCode":"USD","minorUnits":${value}}` });

  test.each([
    ['malformed', '{"userId":', ''],
    ['two JSON texts', '{} {}', ''],
    ['not an object', '[1]', ''],
    ['null', 'null', ''],
    ['key twice', `{"userId":"a","userId":"b"}`, 'userId'],
    [
      'key twice, deep inside',
      earn({ amount: '{"minorUnits":1,"minorUnits":2}' }),
      'transaction.amount.minorUnits',
    ],
    ['lone surrogate', earn({ rest: ',"channel":"\\ud800"' }), 'transaction.channel'],
    [
      'deep nesting',
      `{"transaction":${'{"a":'.repeat(500)}1${'}'.repeat(500)}}`,
      'transaction.a.a.a',
    ],
    ['unknown field', earn({ rest: ',"colour":"red"' }), 'transaction.colour'],
    ['__proto__', '{"__proto__":{"userId":"mallory"}}', '__proto__'],
    ['__proto__ in a map', earn({ rest: ',"attributes":{"__proto__":"x"}' }), 'transaction.'],
    ['field of the path', '{"programId":"other"}', 'programId'],
    ['hexadecimal', minorUnits('"0x10"'), 'transaction.amount.minorUnits'],
    ['spaces', minorUnits('" 1 "'), 'transaction.amount.minorUnits'],
    ['exponent', minorUnits('1e3'), 'transaction.amount.minorUnits'],
    ['decimals', minorUnits('5000.0'), 'transaction.amount.minorUnits'],
    ['rounded', minorUnits('9007199254740993'), 'transaction.amount.minorUnits'],
    ['null number', minorUnits('null'), 'transaction.amount.minorUnits'],
    ['no number', earn({ amount: '{"currencyCode":"USD"}' }), 'transaction.amount.minorUnits'],
    ['February 30th', earn({ occurTime: '"2026-02-30T00:00:00Z"' }), 'transaction.occurTime'],
  ])('%s', async (_what, body, field) => {
    const before = calls;
    const { status, headers, json } = await post(body);
    expect(status).toBe(400);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(json).toMatchObject({ reason: 'VALIDATION_FAILED', status: 400 });
    const { violations } = json as { violations: { field: string }[] };
    expect(violations[0]?.field).toEqual(expect.stringContaining(field));
    expect(calls).toBe(before);
  });

  test('an error names 20 faults, however many there are', async () => {
    const unknown = Array.from({ length: 86_000 }, (_, index) => `"k${index}":1`);
    const { status, json } = await post(`{${unknown.join(',')}}`);
    expect(status).toBe(400);
    expect((json as { violations: unknown[] }).violations).toHaveLength(20);

    const parameters = Array.from({ length: 1000 }, (_, index) => `p${index}=`).join('&');
    const listed = await send(`${gateway.url}/v1/programs?${parameters}`, 'GET', {
      token: backend,
    });
    expect(listed.status).toBe(400);
    expect((listed.json as { violations: unknown[] }).violations).toHaveLength(20);
  });

  test('what only the service can judge, in the names of the JSON', async () => {
    for (const [body, field] of [
      [earn({ amount: 'null' }), 'transaction.amount'],
      [earn({ occurTime: 'null' }), 'transaction.occurTime'],
      [earn({ rest: ',"items":[{"itemId":"1","quantity":0,"amount":null}]' }), 'items[0].quantity'],
    ] as const) {
      const { status, json } = await post(body);
      expect(status).toBe(400);
      expect(JSON.stringify(json)).toContain(field);
    }
  });

  test('raw bytes that are not UTF-8', async () => {
    const response = await fetch(`${gateway.url}${earns}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${backend}`, 'content-type': 'application/json' },
      body: Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d),
    });
    expect(response.status).toBe(400);
  });
});

describe('a query is refused', () => {
  test.each([
    ['/v1/programs/wine-dine/members?colour=red', 'colour'],
    ['/v1/programs/wine-dine/members?pageSize=ten', 'pageSize'],
    ['/v1/programs/wine-dine/members?pageSize=1&page_size=2', 'pageSize'],
    ['/v1/programs/wine-dine/members?pageSize=', 'pageSize'],
    ['/v1/programs/wine-dine/members?pageSize=-1', 'pageSize'],
    ['/v1/programs/wine-dine/members?programId=other', 'programId'],
    ['/v1/programs/wine-dine/members?pageToken=%ff', 'pageToken'],
    ['/v1/programs/wine-dine/members/alice/entries?kinds=GIFT', 'kinds[0]'],
    ['/v1/programs/wine-dine/members/alice/entries?startTime=2026-02-30T00:00:00Z', 'startTime'],
    ['/v1/programs/wine-dine?__proto__=x', '__proto__'],
  ])('%s', async (path, field) => {
    const { status, json } = await send(`${gateway.url}${path}`, 'GET', { token: backend });
    expect(status).toBe(400);
    expect(json).toMatchObject({ violations: [{ field }] });
  });
});

/** Sends a path as it is; fetch would tidy it up. */
function getRaw(path: string): Promise<{ status: number | undefined; text: string }> {
  const headers = { authorization: `Bearer ${backend}` };
  return new Promise((resolve, reject) => {
    httpRequest({ port: gateway.port, host: '127.0.0.1', path, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode, text }));
    })
      .on('error', reject)
      .end();
  });
}

describe('a path is refused', () => {
  test.each([
    ['/v1/programs/%00', 400],
    ['/v1/programs/wine-dine/members/a%00b', 400],
    ['/v1/programs/..%2f..%2fetc', 400],
    ['/v1/programs/../programs/wine-dine', 404],
    ['/v1/programs/%ff', 400],
    ['/v1/programs/%zz', 400],
    [`/v1/programs/%zz${'a'.repeat(10_000)}`, 400],
    ['/v1/programs/wine-dine/', 404],
    ['//v1/programs/wine-dine', 404],
    ['/v1/programs/wine-dine/members/', 404],
    ['/v1', 404],
    ['/v2/programs', 404],
    ['/v1/programs/wine-dine/rule-sets/one', 400],
    [`/v1/programs/wine-dine/members/${'x'.repeat(129)}`, 400],
  ])('%s with %i', async (path, expected) => {
    const { status, text } = await getRaw(path);
    expect(status).toBe(expected);
    expect(JSON.parse(text)).toMatchObject({ status: expected, instance: expect.any(String) });
    expect(text.length).toBeLessThan(1_000);
  });
});

describe('a request is refused', () => {
  test('in another media type or encoding', async () => {
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'application/json; charset=latin1' },
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    ]) {
      const { status, json } = await post(earn({}), headers);
      expect([status, json]).toMatchObject([415, { reason: 'UNSUPPORTED_MEDIA_TYPE' }]);
    }
  });

  test('with a body beyond 1 MiB, announced or not', async () => {
    const body = earn({ rest: `,"channel":"${'x'.repeat(1024 * 1024)}"` });
    const { status, json } = await post(body);
    expect([status, json]).toMatchObject([413, { reason: 'BODY_TOO_LARGE' }]);
    const chunked = await fetch(`${gateway.url}${earns}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${backend}`, 'content-type': 'application/json' },
      body: new Blob([body]).stream(),
      duplex: 'half',
    });
    expect(chunked.status).toBe(413);
  });

  test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'QUERY'])(
    'by %s where the path does not allow it',
    async (method) => {
      const { status, headers, json } = await send(`${gateway.url}${earns}`, method, {
        token: backend,
      });
      expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
      expect(json).toMatchObject({ reason: 'METHOD_NOT_ALLOWED' });
    },
  );

  test.each([
    ['without a token', undefined],
    ['with another scheme', 'Basic YTpi'],
    ['with a token that nobody signed', 'Bearer a.b.c'],
    ['with an empty token', 'Bearer '],
  ])('%s', async (_what, authorization) => {
    const headers = authorization === undefined ? {} : { authorization };
    const response = await send(`${gateway.url}/v1/programs/wine-dine`, 'GET', {
      headers,
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(response.json).toMatchObject({ reason: 'UNAUTHENTICATED' });
  });

  test('with a key given twice', async () => {
    const { status, text } = await new Promise<{ status: number | undefined; text: string }>(
      (resolve, reject) => {
        const request = httpRequest(
          {
            port: gateway.port,
            host: '127.0.0.1',
            method: 'POST',
            path: '/v1/programs/wine-dine/members/alice/redemptions',
            headers: { authorization: `Bearer ${backend}`, 'idempotency-key': ['a', 'b'] },
          },
          (response) => {
            response.setEncoding('utf8').on('data', (body: string) => {
              resolve({ status: response.statusCode, text: body });
            });
          },
        );
        request.on('error', reject).end();
      },
    );
    expect(status).toBe(400);
    expect(text).toContain('Idempotency-Key');
  });
});

test.each(['', '  '])('an empty condition is no condition: If-Match is %j', async (etag) => {
  const before = calls;
  const response = await send(`${gateway.url}/v1/programs/wine-dine/members/alice`, 'PATCH', {
    token: backend,
    headers: { 'if-match': etag },
    body: { attributes: { tier: 'gold' } },
  });
  expect(response.status).toBe(400);
  expect(response.json).toMatchObject({
    reason: 'VALIDATION_FAILED',
    violations: [{ field: 'If-Match', message: 'must not be empty' }],
  });
  expect(calls).toBe(before);
});

/** Writes lines to the gateway's port, and resolves to all that comes back until it closes the connection. */
function converse(...lines: string[]): Promise<string> {
  return talk(gateway.url, lines.join('\r\n'));
}

describe('a connection gets a response and is closed', () => {
  test('when the body does not arrive in time', async () => {
    const response = await converse(
      `POST ${earns} HTTP/1.1`,
      'host: test',
      `authorization: Bearer ${backend}`,
      'content-type: application/json',
      'content-length: 100',
      '',
      '{"userId":',
    );
    expect(response).toMatch(/^HTTP\/1.1 408 /);
    expect(response).toContain('"reason":"REQUEST_TIMEOUT"');
  });

  test('when the headers do not', async () => {
    expect(await converse(`GET ${earns} HTTP/1.1`, 'host: te')).toMatch(/^HTTP\/1.1 408 /);
  });

  test('when the request has no token, and its client reads why while it sends the body', async () => {
    const head = [`POST ${earns} HTTP/1.1`, 'host: test', 'content-type: application/json'];
    const text = [...head, 'content-length: 1000000', '', ''].join('\r\n');
    const body = Array(10).fill('x'.repeat(100_000));
    const response = await talk(gateway.url, text, body);
    expect(response.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 401']);
    expect(response).toContain('"reason":"UNAUTHENTICATED"');
  });

  test('when it is not HTTP', async () => {
    const response = await converse('HELO gateway', '', '');
    expect(response).toMatch(/^HTTP\/1.1 400 /);
    expect(response).toContain('application/problem+json');
  });
});

test.each([
  ['without a host', ['GET /v1/programs HTTP/1.1', 'connection: close'], 400, 'VALIDATION_FAILED'],
  [
    'with an empty host',
    ['GET /v1/programs HTTP/1.1', 'host:', 'connection: close'],
    400,
    'VALIDATION_FAILED',
  ],
  [
    'with two hosts',
    ['GET /v1/programs HTTP/1.1', 'host: a', 'host: a', 'connection: close'],
    400,
    'VALIDATION_FAILED',
  ],
  [
    'with a transfer coding besides chunked',
    [
      'POST /v1/programs HTTP/1.1',
      ...['host: test', 'connection: close', 'transfer-encoding: gzip, chunked', '', '0'],
    ],
    400,
    'VALIDATION_FAILED',
  ],
  [
    'for a URL that is none',
    ['GET https://test:99999/v1/programs HTTP/1.1', 'host: test', 'connection: close'],
    400,
    'the request target is not a valid URL',
  ],
  [
    'by a method of its own, without a content type',
    ['QUERY /v1/programs HTTP/1.1', 'host: test', 'connection: close'],
    405,
    'METHOD_NOT_ALLOWED',
  ],
  [
    'by that method for a page',
    ['QUERY /openapi.json HTTP/1.1', 'host: test', 'connection: close'],
    405,
    'METHOD_NOT_ALLOWED',
  ],
  [
    'to connect to another host',
    ['CONNECT a:443 HTTP/1.1', 'host: a:443'],
    405,
    'METHOD_NOT_ALLOWED',
  ],
  [
    'with an expectation that nobody can meet',
    ['GET /v1/programs HTTP/1.1', 'host: test', 'connection: close', 'expect: 200-ok'],
    417,
    'EXPECTATION_FAILED',
  ],
  [
    'with two tokens',
    [
      'GET /v1/programs HTTP/1.1',
      ...['host: test', 'connection: close', 'authorization: Bearer a', 'authorization: Bearer b'],
    ],
    401,
    'UNAUTHENTICATED',
  ],
])('a request %s is refused as every other', async (_, lines, status, reason) => {
  const response = await converse(...lines, '', '');
  expect(response).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(response.toLowerCase()).toContain('content-type: application/problem+json');
  expect(response).toContain(reason);
});

test('HTTP/1.0 needs no host', async () => {
  const lines = ['GET /v1/programs/wine-dine HTTP/1.0', `authorization: Bearer ${backend}`];
  expect(await converse(...lines, '', '')).toMatch(/^HTTP\/1.1 200 /);
});

test.each([
  ['by a caller who may not call', earns, 403, 'PERMISSION_DENIED'],
  ['at a path that is not there', '/v1/nothing', 404, 'ROUTE_NOT_FOUND'],
])('a body that is not read ends the connection: %s', async (_, path, status, reason) => {
  const response = await converse(
    `POST ${path} HTTP/1.1`,
    'host: test',
    `authorization: Bearer ${await tokenFor('member', 'alice')}`,
    'content-type: application/json',
    'content-length: 100',
    '',
    '{',
  );
  expect(response.match(/HTTP\/1.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`]);
  expect(response).toContain(`"reason":"${reason}"`);
  expect(response.toLowerCase()).toContain('connection: close');
});

test('a body without any of that is served, with or without a byte order mark', async () => {
  expect((await post(earn({}))).status).toBe(201);
  expect((await post(`\ufeff${earn({})}`)).status).toBe(201);
});
