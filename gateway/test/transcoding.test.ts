import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';
import { Earn_State } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import type {
  EarnRequest,
  SubmitEarnRequest,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { SubmitEarnResponse_State } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type {
  GetMembershipRequest,
  JoinProgramRequest,
  UpdateMembershipRequest,
} from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import type {
  CreateProgramRequest,
  GetProgramRequest,
  UpdateProgramRequest,
} from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
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
let admin: string;
let backend: string;
let alice: string;
let last: { request: unknown; context: CallContext };

/** A handler that remembers what it was asked. */
function returning<Request>(respond: (request: Request) => unknown) {
  return (request: Request, context: CallContext) => {
    last = { request, context };
    return Promise.resolve(respond(request));
  };
}

const seen = new Set<string>();

beforeAll(async () => {
  service = await startService({
    earn: returning((request: EarnRequest) => {
      const { programId, userId, transaction } = request;
      const transactionId = transaction?.transactionId ?? '';
      const replayed = seen.has(transactionId);
      seen.add(transactionId);
      const earn = { programId, userId, transactionId, state: Earn_State.POSTED, points: 10n };
      return { earn, balance: { available: 10n }, replayed };
    }),
    submitEarn: returning(({ programId, transaction }: SubmitEarnRequest) => ({
      programId,
      transactionId: transaction?.transactionId ?? '',
      state: SubmitEarnResponse_State.ACCEPTED,
    })),
    getBalance: returning(() => ({ balance: { available: 7n } })),
    listEntries: returning(() => ({})),
    getMembership: returning(({ userId }: GetMembershipRequest) => ({ membership: { userId } })),
    joinProgram: returning(({ userId }: JoinProgramRequest) => ({
      membership: { programId: 'wine-dine', userId, etag: '0.1' },
    })),
    updateMembership: returning(({ membership }: UpdateMembershipRequest) => ({
      membership: { ...membership, etag: '4.20' },
    })),
    redeem: returning(() => ({
      redemption: { programId: 'wine-dine', userId: 'auth0|1/2', redemptionId: 'r1' },
      balance: {},
    })),
    createProgram: returning(({ program }: CreateProgramRequest) => ({ program })),
    getProgram: returning(({ programId }: GetProgramRequest) => ({
      program: { programId, etag: 'v1' },
    })),
    updateProgram: returning(({ program }: UpdateProgramRequest) => ({
      program: { ...program, etag: 'v2' },
    })),
  });
  gateway = await startTestGateway(service.address);
  admin = await tokenFor('admin', 'ops');
  backend = await tokenFor('service', 'checkout');
  alice = await tokenFor('member', 'alice');
});

afterAll(async () => {
  await gateway?.stop();
  await service?.stop();
});

function earnBody(transactionId: string) {
  return {
    userId: 'alice',
    transaction: {
      transactionId,
      occurTime: '2026-01-01T12:00:00Z',
      amount: { currencyCode: 'USD', minorUnits: '25000' },
      attributes: { store: 'paris' },
    },
  };
}

describe('an earn', () => {
  test('is created once, and repeated with 200', async () => {
    const url = `${gateway.url}/v1/programs/wine-dine/earns`;
    const first = await send(url, 'POST', { token: backend, body: earnBody('order/1') });
    expect(first.status).toBe(201);
    expect(first.headers.get('location')).toBe('/v1/programs/wine-dine/earns/order%2F1');
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(first.json).toMatchObject({
      earn: { transactionId: 'order/1', state: 'POSTED', points: 10, explanation: [] },
      balance: { available: 10, pending: 0 },
      replayed: false,
    });
    expect(last.request).toMatchObject({
      programId: 'wine-dine',
      userId: 'alice',
      transaction: { amount: { minorUnits: 25000n }, attributes: { store: 'paris' } },
    });
    const second = await send(url, 'POST', { token: backend, body: earnBody('order/1') });
    expect([second.status, second.headers.get('location')]).toEqual([200, null]);
    expect(second.json).toMatchObject({ replayed: true });
  });

  test('that is only submitted is accepted, and says where it will be', async () => {
    const url = `${gateway.url}/v1/programs/wine-dine/earns:submit`;
    const { status, headers, json } = await send(url, 'POST', {
      token: backend,
      body: earnBody('order-2'),
    });
    expect(status).toBe(202);
    expect(headers.get('location')).toBe('/v1/programs/wine-dine/earns/order-2');
    expect(json).toEqual({
      programId: 'wine-dine',
      transactionId: 'order-2',
      state: 'ACCEPTED',
    });
  });
});

describe('the service is told', () => {
  test('who calls, under which request id, and until when', async () => {
    const url = `${gateway.url}/v1/programs/wine-dine/members/alice/balance`;
    const { headers, json } = await send(url, 'GET', {
      token: alice,
      headers: { 'x-request-id': 'req-42' },
    });
    expect(json).toMatchObject({ available: 7 });
    expect(headers.get('x-request-id')).toBe('req-42');
    expect(last.context.requestId).toBe('req-42');
    expect(last.context.caller.subject).toBe('alice');
    const remainingMs = last.context.deadlineMs - Date.now();
    expect(remainingMs).toBeGreaterThan(0);
    expect(remainingMs).toBeLessThanOrEqual(10_000);
  });

  test('which trace the request belongs to, if it belongs to one', async () => {
    const url = `${gateway.url}/v1/programs/wine-dine`;
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    await send(url, 'GET', { token: alice, headers: { traceparent } });
    expect(last.context.traceId).toBe(traceId);
    await send(url, 'GET', { token: alice, headers: { traceparent: 'nonsense' } });
    expect(last.context.traceId).toBeUndefined();
  });

  test('a new request id where the given one could not be logged', async () => {
    const { headers } = await send(`${gateway.url}/v1/programs/wine-dine`, 'GET', {
      token: alice,
      headers: { 'x-request-id': 'two words' },
    });
    expect(headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
    expect(last.context.requestId).toBe(headers.get('x-request-id'));
  });

  test('the key from its header', async () => {
    const url = `${gateway.url}/v1/programs/wine-dine/members/me/redemptions`;
    const { status, headers } = await send(url, 'POST', {
      token: await tokenFor('member', 'auth0|1/2'),
      headers: { 'idempotency-key': 'key-1' },
      body: { rewardId: 'glass', capture: 'IMMEDIATE', expectedPoints: 10 },
    });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(
      '/v1/programs/wine-dine/members/auth0%7C1%2F2/redemptions/r1',
    );
    expect(last.request).toMatchObject({
      userId: 'auth0|1/2',
      idempotencyKey: 'key-1',
      rewardId: 'glass',
      expectedPoints: 10n,
    });
  });

  test('what the query asks for', async () => {
    const query =
      'pageSize=20&page_token=a%2Bb%3D&kinds=EARN&kinds=CAPTURE&startTime=2026-01-01T00:00:00Z';
    const url = `${gateway.url}/v1/programs/wine-dine/members/me/entries?${query}`;
    const { json } = await send(url, 'GET', { token: alice });
    expect(json).toEqual({ entries: [], nextPageToken: '' });
    expect(last.request).toMatchObject({
      userId: 'alice',
      pageSize: 20,
      pageToken: 'a+b=',
      kinds: [Entry_Kind.EARN, Entry_Kind.CAPTURE],
      startTime: { seconds: 1_767_225_600n },
    });
  });
});

describe('an id in a path', () => {
  test.each([
    ['a%2Fb', 'a/b'],
    ['bob:suspend%3A', 'bob:suspend:'],
    ['bob%3Asuspend', 'bob:suspend'],
    ['auth0%7C1', 'auth0|1'],
    ['J%C3%BCrgen', 'Jürgen'],
    ['..%2f..%2fadmin', '../../admin'],
    ['100%25', '100%'],
    ['a+b', 'a+b'],
  ])('is what is escaped in it: %s', async (segment, userId) => {
    const url = `${gateway.url}/v1/programs/wine-dine/members/${segment}`;
    const { json } = await send(url, 'GET', { token: backend });
    expect(json).toMatchObject({ userId });
  });

  test('can be me, who calls', async () => {
    const url = `${gateway.url}/v1/programs/wine-dine/members/me`;
    expect((await send(url, 'GET', { token: alice })).json).toMatchObject({ userId: 'alice' });
    expect((await send(url, 'GET', { token: backend })).json).toMatchObject({ userId: 'checkout' });
  });
});

describe('the user in a body', () => {
  const join = (token: string, body: object) =>
    send(`${gateway.url}/v1/programs/wine-dine/members`, 'POST', { token, body });

  test('can be me, where a member calls', async () => {
    for (const body of [{ userId: 'me' }, { user_id: 'me' }]) {
      const { status, headers, json } = await join(alice, body);
      expect([status, headers.get('location')]).toEqual([
        201,
        '/v1/programs/wine-dine/members/alice',
      ]);
      expect(json).toMatchObject({ userId: 'alice' });
    }
  });

  test('can’t be me, where a backend or an admin calls', async () => {
    for (const token of [backend, admin]) {
      const { status, json } = await join(token, { userId: 'me' });
      expect(status).toBe(400);
      expect(json).toMatchObject({ violations: [{ field: 'userId' }] });
    }
  });
});

describe('a change of attributes', () => {
  const patch = (body: unknown, headers = {}) =>
    send(`${gateway.url}/v1/programs/wine-dine/members/bob`, 'PATCH', {
      token: backend,
      headers,
      body,
    });

  test('names the keys that the body has, and a null removes one', async () => {
    const attributes = { tier: 'gold', newsLetter: null, 'shoe.size, EU': '42' };
    const { status, headers } = await patch({ attributes }, { 'if-match': '"3.17"' });
    expect([status, headers.get('etag')]).toEqual([200, '"4.20"']);
    expect(last.request).toMatchObject({
      userId: 'bob',
      membership: { attributes: { tier: 'gold', 'shoe.size, EU': '42' } },
      updateMask: {
        paths: ['attributes.tier', 'attributes.newsLetter', 'attributes.shoe.size, EU'],
      },
      etag: '"3.17"',
    });
  });

  test('of none is none', async () => {
    expect((await patch({ attributes: {} })).status).toBe(200);
    expect(last.request).toMatchObject({
      membership: { attributes: {} },
      updateMask: { paths: [] },
    });
  });

  test.each([
    ['null', { attributes: null }, 'attributes'],
    ['a list', { attributes: ['gold'] }, 'attributes'],
    ['a number', { attributes: { tier: 1 } }, 'attributes["tier"]'],
    [
      'a key that JavaScript would lose',
      '{"attributes":{"__proto__":null}}',
      'attributes["__proto__"]',
    ],
    ['another field', { attributes: {}, color: 'red' }, 'color'],
  ])('to %s is refused by name', async (_, body, field) => {
    const { status, json } = await patch(body);
    expect(status).toBe(400);
    expect(json).toMatchObject({ reason: 'VALIDATION_FAILED', violations: [{ field }] });
  });
});

describe('a change', () => {
  const url = () => `${gateway.url}/v1/programs/wine-dine`;

  test('reaches what the body names, and a null clears', async () => {
    const { status, headers, json } = await send(url(), 'PATCH', {
      token: admin,
      headers: { 'if-match': '"v1"' },
      body: { displayName: 'Wine', timeZone: null, limits: null, metadata: {} },
    });
    expect([status, headers.get('etag')]).toEqual([200, '"v2"']);
    expect(json).toMatchObject({ displayName: 'Wine', timeZone: '', metadata: {} });
    expect(json).not.toHaveProperty('limits');
    expect(last.request).toMatchObject({
      programId: 'wine-dine',
      etag: '"v1"',
      program: { displayName: 'Wine', timeZone: '' },
      updateMask: { paths: ['display_name', 'time_zone', 'limits', 'metadata'] },
    });
  });

  test('can bring the etag in the body, which is nothing to change', async () => {
    await send(url(), 'PATCH', { token: admin, body: { etag: 'v1', description: 'x' } });
    expect(last.request).toMatchObject({
      program: { etag: 'v1' },
      updateMask: { paths: ['description'] },
    });
  });

  test('of nothing is refused', async () => {
    for (const body of [{}, { etag: 'v1' }, undefined]) {
      const { status, json } = await send(url(), 'PATCH', { token: admin, body });
      expect(status).toBe(400);
      expect(json).toMatchObject({
        detail: 'The body has no field to change; give at least one',
      });
    }
  });

  test('by someone who may not call it is refused for that, whatever the body is', async () => {
    const member = await tokenFor('member', 'alice');
    for (const body of [{}, { colour: 'red' }, { displayName: 'x' }]) {
      const { status, json } = await send(url(), 'PATCH', { token: member, body });
      expect(status).toBe(403);
      expect(json).toMatchObject({ reason: 'PERMISSION_DENIED' });
    }
  });
});

describe('a read of something with an etag', () => {
  const url = () => `${gateway.url}/v1/programs/wine-dine`;

  test.each(['"v1"', 'W/"v1"', '"v0", "v1"', '*'])(
    'is not sent again to who has it: %s',
    async (etag) => {
      const { status, headers, json } = await send(url(), 'GET', {
        token: alice,
        headers: { 'if-none-match': etag },
      });
      expect([status, headers.get('etag'), json]).toEqual([304, '"v1"', undefined]);
    },
  );

  test('is sent to who has another version', async () => {
    const { status, headers, json } = await send(url(), 'GET', {
      token: alice,
      headers: { 'if-none-match': '"v0"' },
    });
    expect([status, headers.get('etag')]).toEqual([200, '"v1"']);
    expect(headers.get('cache-control')).toBe('private, no-cache');
    expect(json).toMatchObject({ programId: 'wine-dine', state: 'STATE_UNSPECIFIED' });
  });

  test('can be asked for without its body', async () => {
    const { status, headers, json } = await send(url(), 'HEAD', { token: alice });
    expect([status, headers.get('etag'), json]).toEqual([200, '"v1"', undefined]);
  });
});

test('a resource is created by its own JSON', async () => {
  const { status, headers, json } = await send(`${gateway.url}/v1/programs`, 'POST', {
    token: admin,
    body: { programId: 'frequent-flyer', displayName: 'Frequent Flyer' },
  });
  expect([status, headers.get('location')]).toEqual([201, '/v1/programs/frequent-flyer']);
  expect(json).toMatchObject({ programId: 'frequent-flyer', metadata: {} });
});

test('a method that this release does not serve says so', async () => {
  const url = `${gateway.url}/v1/programs/wine-dine:activate`;
  const { status, json } = await send(url, 'POST', { token: admin });
  expect(status).toBe(501);
  expect(json).toMatchObject({ reason: 'NOT_IMPLEMENTED' });
});
