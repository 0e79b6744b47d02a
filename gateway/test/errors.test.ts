import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ReasonedError, type ReasonedErrorOptions } from '@loyalty/platform/errors.ts';
import { RateLimited } from '@loyalty/platform/rpc/errors.ts';
import { defaultLimits } from '../src/limits.ts';
import {
  send,
  startService,
  startTestGateway,
  type TestGateway,
  type TestService,
  tokenFor,
} from './start-gateway.ts';

class Refused extends ReasonedError {
  readonly reason: string;

  constructor(reason: string, message: string, options: ReasonedErrorOptions = {}) {
    super(message, options);
    this.reason = reason;
  }
}

let service: TestService;
let gateway: TestGateway;
let backend: string;
let admin: string;
let respond: () => Promise<unknown>;

beforeAll(async () => {
  const handler = () => respond();
  service = await startService({
    getMembership: handler,
    updateMembership: handler,
    redeem: handler,
    earn: handler,
    createProgram: handler,
  });
  gateway = await startTestGateway(service.address, {
    limits: { ...defaultLimits, callMsMax: 2_000 },
  });
  backend = await tokenFor('service', 'checkout');
  admin = await tokenFor('admin', 'ops');
});

beforeEach(() => {
  respond = () => Promise.resolve({ membership: {} });
});

afterAll(async () => {
  await gateway?.stop();
  await service?.stop();
});

function membership(headers: Record<string, string> = {}) {
  const url = `${gateway.url}/v1/programs/wine-dine/members/alice`;
  return send(url, 'GET', { token: backend, headers });
}

function redemption(headers: Record<string, string> = {}) {
  const url = `${gateway.url}/v1/programs/wine-dine/members/alice/redemptions`;
  return send(url, 'POST', {
    token: backend,
    headers: { 'idempotency-key': 'key-1', ...headers },
    body: { rewardId: 'glass' },
  });
}

function attributes() {
  const url = `${gateway.url}/v1/programs/wine-dine/members/alice`;
  return send(url, 'PATCH', { token: backend, body: { attributes: { tier: 'gold' } } });
}

function purchase() {
  const transaction = {
    transactionId: 'order-1',
    occurTime: '2026-11-01T10:00:00Z',
    amount: { currencyCode: 'USD', minorUnits: 100 },
  };
  const body = { userId: 'alice', transaction };
  return send(`${gateway.url}/v1/programs/wine-dine/earns`, 'POST', { token: backend, body });
}

function failing(reason: string, message: string, options?: ReasonedErrorOptions) {
  respond = () => Promise.reject(new Refused(reason, message, options));
}

describe('a refusal of the service is a problem', () => {
  test('with its reason, its words and its details', async () => {
    failing('INSUFFICIENT_POINTS', '10 points are missing', { metadata: { missingPoints: '10' } });
    const { status, headers, json } = await redemption({ 'x-request-id': 'req-1' });
    expect(status).toBe(409);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(json).toEqual({
      type: '/docs/errors#insufficient_points',
      title: 'Insufficient points',
      status: 409,
      detail: '10 points are missing',
      instance: 'req-1',
      reason: 'INSUFFICIENT_POINTS',
      metadata: { missingPoints: '10' },
    });
  });

  test.each([
    ['MEMBERSHIP_NOT_FOUND', 404, membership],
    ['PERMISSION_DENIED', 403, membership],
    ['TRANSACTION_CONFLICT', 409, purchase],
    ['IDEMPOTENCY_KEY_REUSED', 422, redemption],
    ['ETAG_MISMATCH', 412, attributes],
    ['PROGRAM_NOT_ACTIVE', 409, redemption],
  ])('%s with status %i', async (reason, status, ask) => {
    failing(reason, 'no');
    expect(await ask()).toMatchObject({ status, json: { reason, status } });
  });

  test.each([
    ['VELOCITY_LIMIT', 429, 2300, '3'],
    ['OVERLOADED', 503, 10, '1'],
    ['CONTENTION', 409, 1000, '1'],
  ])('that says when to try again: %s', async (reason, status, retryAfterMs, seconds) => {
    failing(reason, 'later', { retryAfterMs });
    const received = await redemption();
    expect([received.status, received.headers.get('retry-after')]).toEqual([status, seconds]);
  });

  test('that limits a caller, with its RateLimit fields and Retry-After', async () => {
    const policy = { unit: 'request', quota: 40, windowSeconds: 2 } as const;
    respond = () => Promise.reject(new RateLimited('slow down', { policy, retryAfterMs: 6_500 }));
    const { status, headers, json } = await membership();
    expect([status, json]).toMatchObject([429, { reason: 'RATE_LIMITED' }]);
    expect(headers.get('retry-after')).toBe('7');
    expect(headers.get('ratelimit-policy')).toBe('"request";q=40;w=2');
    expect(headers.get('ratelimit')).toBe('"request";r=0;t=7');
  });

  test('that names fields as the client knows them', async () => {
    failing('VALIDATION_FAILED', 'no', {
      violations: [
        { field: 'program.display_name', message: 'is too dull' },
        { field: 'program.metadata["a.b"]', message: 'is too long' },
      ],
    });
    const body = { programId: 'wine-dine', displayName: 'Dull' };
    const { json } = await send(`${gateway.url}/v1/programs`, 'POST', { token: admin, body });
    expect(json).toMatchObject({
      detail: 'displayName: is too dull; metadata["a.b"]: is too long',
      violations: [
        { field: 'displayName', message: 'is too dull' },
        { field: 'metadata["a.b"]', message: 'is too long' },
      ],
    });
  });

  test('that names the header which is missing', async () => {
    const url = `${gateway.url}/v1/programs/wine-dine/members/alice/redemptions`;
    const { status, json } = await send(url, 'POST', {
      token: backend,
      body: { rewardId: 'glass' },
    });
    expect(status).toBe(400);
    const { violations } = json as { violations: { field: string }[] };
    expect(new Set(violations.map(({ field }) => field))).toEqual(new Set(['Idempotency-Key']));
  });
});

describe('what goes wrong inside stays inside:', () => {
  test('an unforeseen error', async () => {
    respond = () => Promise.reject(new Error('relation "secret_table" does not exist'));
    const { status, json } = await membership();
    expect([status, json]).toMatchObject([500, { reason: 'INTERNAL' }]);
    expect(JSON.stringify(json)).not.toContain('secret_table');
  });

  test('a response without what it must have', async () => {
    respond = () => Promise.resolve({});
    expect(await membership()).toMatchObject({ status: 500, json: { reason: 'INTERNAL' } });
  });

  test('a service that takes too long', async () => {
    respond = () => new Promise(() => {});
    expect(await membership()).toMatchObject({
      status: 504,
      json: { reason: 'DEADLINE_EXCEEDED' },
    });
  });

  test('a service that is away, without its address', async () => {
    const away = await startService({});
    await away.stop();
    const alone = await startTestGateway(away.address);
    try {
      const url = `${alone.url}/v1/programs/wine-dine/members/alice`;
      const { status, headers, json } = await send(url, 'GET', { token: backend });
      expect([status, headers.get('retry-after')]).toEqual([503, '1']);
      expect(json).toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
      expect(JSON.stringify(json)).not.toContain('127.0.0.1');
      expect((await fetch(`${alone.managementUrl}/readyz`)).status).toBe(200);
    } finally {
      await alone.stop();
    }
  });
});
