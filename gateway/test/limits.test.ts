import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, patience } from '@loyalty/local/test-patience.ts';
import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';
import { defaultLimits, type GatewayLimits } from '../src/limits.ts';
import { type Received, send, startService, startTestGateway, tokenFor } from './start-gateway.ts';

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const { callers } = defaultLimits;

/** A gateway before a service whose responses wait for `finish`. */
async function started(limits: Partial<GatewayLimits>) {
  const { promise, resolve: finish } = Promise.withResolvers<void>();
  let arrived = 0;
  let joined = 0;
  const service = await startService({
    getProgram: async (_request: unknown, { signal }: CallContext) => {
      arrived += 1;
      const { promise: left, resolve: leave } = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => leave());
      await Promise.race([promise, left]);
      return { program: { programId: 'wine-dine' } };
    },
    joinProgram: async () => {
      joined += 1;
      await promise;
      return { membership: {} };
    },
  });
  stops.push(() => service.stop());
  const gateway = await startTestGateway(service.address, {
    limits: { ...defaultLimits, ...limits },
  });
  stops.push(async () => {
    finish();
    await gateway.stop();
  });
  const alice = await tokenFor('member', 'alice');
  const bob = await tokenFor('member', 'bob');
  const read = (token: string) => send(`${gateway.url}/v1/programs/wine-dine`, 'GET', { token });
  return {
    url: gateway.url,
    read,
    alice,
    bob,
    finish,
    arrived: () => arrived,
    joined: () => joined,
  };
}

function countOf(responses: readonly Received[], status: number): number {
  return responses.filter((response) => response.status === status).length;
}

describe('a member', () => {
  test('at their limit of calls at once is refused the rest, and others are served', async () => {
    const member = { ...callers.member, callsInFlightMax: 4, rate: undefined };
    const { read, alice, bob, finish, arrived } = await started({
      callers: { ...callers, member },
    });
    const ofAlice = Array.from({ length: 40 }, () => read(alice));
    const received: Received[] = [];
    for (const response of ofAlice) void response.then((each) => received.push(each));
    await eventually(() => expect(received).toHaveLength(36));
    const refused = await Promise.race(ofAlice);
    expect(refused).toMatchObject({ status: 429, json: { reason: 'RATE_LIMITED' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('ratelimit-policy')).toBe(
      '"concurrent-requests";q=4;qu="concurrent-requests"',
    );
    expect(refused.headers.get('ratelimit')).toBe('"concurrent-requests";r=0;t=1');
    const ofBob = Array.from({ length: 4 }, () => read(bob));
    finish();
    expect(countOf(await Promise.all(ofBob), 200)).toBe(4);
    const responses = await Promise.all(ofAlice);
    expect([countOf(responses, 200), countOf(responses, 429)]).toEqual([4, 36]);
    expect(arrived()).toBe(8);
  });

  test('who calls faster than allowed is told when to come back', async () => {
    const rate = { callsPerSecond: 1, burst: 3 };
    const member = { ...callers.member, rate };
    const { read, alice, finish } = await started({ callers: { ...callers, member } });
    finish();
    const responses = await Promise.all(Array.from({ length: 10 }, () => read(alice)));
    expect(countOf(responses, 200)).toBe(3);
    const refused = responses.find(({ status }) => status === 429);
    expect(refused?.headers.get('ratelimit-policy')).toBe('"request";q=3;w=3');
    const seconds = Number(refused?.headers.get('retry-after'));
    expect(seconds).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    expect((await read(alice)).status).toBe(200);
  });

  test('who asks for what is not there is held to the same rate', async () => {
    const member = { ...callers.member, rate: { callsPerSecond: 1, burst: 3 } };
    const { url, read, alice, finish } = await started({ callers: { ...callers, member } });
    finish();
    const missing = (method: string, path: string, token?: string) =>
      send(`${url}${path}`, method, token === undefined ? {} : { token });
    const responses = [
      await missing('GET', '/v1/nothing', alice),
      await missing('PUT', '/v1/programs/wine-dine', alice),
      await missing('PROPFIND', '/v1/programs/wine-dine', alice),
      await missing('GET', '/v1/nothing', alice),
    ];
    expect(responses.map(({ status }) => status)).toEqual([404, 405, 405, 429]);
    expect((await read(alice)).status).toBe(429);
    expect((await missing('GET', '/v1/nothing')).status).toBe(404);
  });

  test('has bodies in memory up to their limit, also those that do not say how long they are', async () => {
    const member = { ...callers.member, bytesInFlightMax: 1024 };
    const { url, alice } = await started({ callers: { ...callers, member } });
    const join = (body: string | ReadableStream) =>
      fetch(`${url}/v1/programs/wine-dine/members`, {
        method: 'POST',
        headers: { authorization: `Bearer ${alice}`, 'content-type': 'application/json' },
        body,
        ...(typeof body !== 'string' && { duplex: 'half' }),
      });
    const large = JSON.stringify({ userId: 'a'.repeat(2000) });
    for (const body of [large, new Blob([large]).stream()]) {
      const refused = await join(body);
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([413, null]);
      expect(await refused.json()).toMatchObject({
        reason: 'BODY_TOO_LARGE',
        detail: expect.stringContaining('1024 bytes'),
      });
    }
    expect((await join(JSON.stringify({ userId: 'alice' }))).status).not.toBe(413);
  });

  test('has a change under way until the service has made it, also after leaving', async () => {
    const member = { ...callers.member, callsInFlightMax: 1, rate: undefined };
    const { url, alice, finish, joined } = await started({ callers: { ...callers, member } });
    const join = (signal?: AbortSignal) =>
      fetch(`${url}/v1/programs/wine-dine/members`, {
        method: 'POST',
        headers: { authorization: `Bearer ${alice}`, 'content-type': 'application/json' },
        body: JSON.stringify({ userId: 'alice' }),
        ...(signal !== undefined && { signal }),
      });
    const leave = new AbortController();
    const left = join(leave.signal);
    await eventually(() => expect(joined()).toBe(1));
    leave.abort();
    await expect(left).rejects.toThrow('aborted');
    expect((await join()).status).toBe(429);
    finish();
    await eventually(async () => expect((await join()).status).toBe(201));
  });
});

describe('an address', () => {
  test('with too many new tokens at once is refused, and a token that was accepted before is served', async () => {
    const { url, read, alice, bob, finish } = await started({ strangersPerAddressMax: 1 });
    finish();
    expect((await read(alice)).status).toBe(200);
    const strangers = Array.from({ length: 10 }, (_, index) =>
      send(`${url}/v1/programs/wine-dine`, 'GET', { token: `${bob}${index}` }),
    );
    const responses = [read(alice), read(alice), read(alice)];
    expect(countOf(await Promise.all(responses), 200)).toBe(3);
    for (const { status } of await Promise.all(strangers)) expect([401, 429]).toContain(status);
    expect((await read(bob)).status).toBe(200);
  });
});

describe('the gateway', () => {
  test('with as many requests in flight as it takes says that it is overloaded', async () => {
    const { read, alice, bob, finish } = await started({ callsInFlightMax: 2 });
    const inFlight = [read(alice), read(bob)];
    const refused = await Promise.race([read(alice), ...inFlight]);
    expect(refused).toMatchObject({ status: 503, json: { reason: 'OVERLOADED' } });
    expect(refused.headers.get('retry-after')).not.toBeNull();
    finish();
    expect(countOf(await Promise.all(inFlight), 200)).toBe(2);
    expect((await read(bob)).status).toBe(200);
  });

  test(
    'counts down what has ended, however it ended',
    async () => {
      const member = { ...callers.member, callsInFlightMax: 2, rate: undefined };
      const { url, read, alice, finish } = await started({ callers: { ...callers, member } });
      for (let round = 0; round < 20; round += 1) {
        const leave = new AbortController();
        const headers = { authorization: `Bearer ${alice}` };
        const left = fetch(`${url}/v1/programs/wine-dine`, { headers, signal: leave.signal });
        setTimeout(() => leave.abort(), 5);
        await expect(left).rejects.toThrow('aborted');
        // A body that isn't JSON, and a path with a bad id.
        await send(`${url}/v1/programs/wine-dine/members`, 'POST', { token: alice, body: '{' });
        await send(`${url}/v1/programs/%ff`, 'GET', { token: alice });
      }
      finish();
      // The gateway notices a moment later that they have left.
      await eventually(async () => expect(await read(alice)).toMatchObject({ status: 200 }));
    },
    patience(20_000),
  );
});

test('a connection more than there may be ends the one that has been idle longest', async () => {
  const { url, read, alice, finish } = await started({ connectionsMax: 3 });
  finish();
  const idle = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1').resume();
      stops.push(async () => void socket.destroy());
      await once(socket, 'connect');
      return socket;
    }),
  );
  const ended = Promise.race(
    idle.map(async (socket, index) => [index, await once(socket, 'close')]),
  );
  expect(await read(alice)).toMatchObject({ status: 200 });
  expect(await ended).toEqual([0, [false]]);
});

test('a connection that has reached its age ends with a response, and others begin', async () => {
  const { url } = await started({ connectionAgeMsMax: 500 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  stops.push(async () => agent.destroy());
  const connectionOf = () =>
    new Promise<{ header: string | undefined; port: number | undefined }>((resolve, reject) => {
      const request = get(`${url}/no/such/path`, { agent }, (response) => {
        const port = request.socket?.localPort;
        response.resume().on('end', () => resolve({ header: response.headers.connection, port }));
      });
      request.on('error', reject);
    });
  const first = await connectionOf();
  expect(first.header).toBe('keep-alive');
  await eventually(async () => {
    expect(await connectionOf()).toEqual({ header: 'close', port: first.port });
  });
  expect((await connectionOf()).port).not.toBe(first.port);
});
