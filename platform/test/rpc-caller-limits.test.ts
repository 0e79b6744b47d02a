// What one caller may have of a service, whichever transport they use.
import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import { defaultCallerLimits } from '../src/rpc/caller-limits.ts';
import { createClient } from '../src/rpc/client.ts';
import type { RpcServerOptions } from '../src/rpc/server.ts';
import { callRaw, grpcFrame } from './grpc-frames.ts';
import { type NoteServer, startNoteServer, tokenFor } from './note-server.ts';

let server: NoteServer;
let finish: () => void;
/** How many handlers have begun. */
let begun: number;

afterEach(async () => {
  finish();
  await server.stop();
});

/** A service whose answers wait for `finish`. */
async function start(options: Partial<RpcServerOptions>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  finish = resolve;
  begun = 0;
  const writeNote = async () => {
    begun += 1;
    await promise;
    return {};
  };
  server = await startNoteServer({ writeNote }, options);
}

const alice = { token: await tokenFor('alice', ['member']) };
const bob = { token: await tokenFor('bob', ['member']) };
const path = '/note.v1.NoteService/WriteNote';

const transports = {
  async grpc({ token }: { token: string }, userId: string, text = '', timeoutMs = 10_000) {
    const { writeNote } = createClient(server.service, server.channel());
    await writeNote?.({ userId, text }, { token, deadlineMs: Date.now() + timeoutMs });
  },
  async connect({ token }: { token: string }, userId: string, text = '', timeoutMs = 10_000) {
    const response = await fetch(`${server.httpUrl}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'connect-timeout-ms': String(timeoutMs),
      },
      body: JSON.stringify({ userId, text }),
    });
    if (response.ok) return;
    const body = (await response.json()) as { details: { debug: { reason: string } }[] };
    throw Object.assign(new Error(), { reason: body.details[0]?.debug.reason });
  },
};

const limited = (member: Partial<(typeof defaultCallerLimits)['member']>) => ({
  callerLimits: {
    ...defaultCallerLimits,
    member: { ...defaultCallerLimits.member, ...member },
  },
});

test.each(['grpc', 'connect'] as const)(
  'a response of %s counts until it is read, and its stream is closed if it is not',
  async (transport) => {
    await start({
      ...limited({ callsInFlightMax: 2 }),
      limits: { responseReadingMsMax: 1_000 },
    });
    finish();
    const origin = transport === 'grpc' ? `http://${server.grpcAddress}` : server.httpUrl;
    const session = connect(origin, { settings: { initialWindowSize: 0 } });
    const headers = {
      ':method': 'POST',
      ':path': path,
      authorization: `Bearer ${alice.token}`,
      'content-type': transport === 'grpc' ? 'application/grpc' : 'application/json',
    };
    const body =
      transport === 'grpc' ? grpcFrame(Buffer.from('\x12\x05alice')) : '{"userId":"alice"}';
    const unread = Array.from({ length: 2 }, () => {
      const stream = session.request(headers);
      stream.on('error', () => undefined);
      stream.end(body);
      return stream;
    });
    try {
      await Promise.all(unread.map((stream) => once(stream, 'response')));
      const next = async () =>
        await transports[transport](alice, 'alice').then(
          () => 'OK',
          (error: { reason: string }) => error.reason,
        );
      expect(await next()).toBe('RATE_LIMITED');
      await Promise.all(
        unread.map(async (stream) => stream.closed || (await once(stream, 'close'))),
      );
      const cancel = constants.NGHTTP2_CANCEL;
      expect(unread.map(({ rstCode }) => rstCode)).toEqual([cancel, cancel]);
      await eventually(async () => expect(await next()).toBe('OK'));
    } finally {
      session.destroy();
    }
  },
);

test('refusals that an address does not read are bounded', async () => {
  await start({ limits: { unreadRefusalsPerAddressMax: 3 } });
  finish();
  const session = connect(server.httpUrl, { settings: { initialWindowSize: 0 } });
  try {
    const codes = Array.from({ length: 10 }, async () => {
      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        authorization: 'Bearer x',
        'content-type': 'application/json',
      });
      stream.on('error', () => undefined);
      stream.end('{}');
      await Promise.race([once(stream, 'response'), once(stream, 'close')]).catch(() => undefined);
      return stream.rstCode;
    });
    const calm = constants.NGHTTP2_ENHANCE_YOUR_CALM;
    expect((await Promise.all(codes)).filter((code) => code === calm)).toHaveLength(7);
  } finally {
    session.destroy();
  }
});

test('bytes of a gRPC request count as they arrive, whether or not it ends', async () => {
  await start(limited({ bytesInFlightMax: 30_000 }));
  finish();
  const part = (bytes: number) =>
    callRaw(`http://${server.grpcAddress}`, {
      path,
      headers: { authorization: `Bearer ${alice.token}` },
      body: grpcFrame(Buffer.alloc(100_000)).subarray(0, bytes),
      neverEnds: true,
      leavesAtStatus: true,
    });
  // More than the caller may ever have.
  expect(await part(40_000)).toMatchObject({ status: 3 });
  const held = part(20_000);
  await eventually(async () => expect(await part(20_000)).toMatchObject({ status: 8 }));
  await server.stop();
  await held;
});

describe.each(Object.entries(transports))('a caller over %s', (_, call) => {
  test('at their limit is refused the rest, and others are served', async () => {
    await start(limited({ callsInFlightMax: 3 }));
    const ofAlice = Array.from({ length: 10 }, () => call(alice, 'alice'));
    const refusals: unknown[] = [];
    for (const each of ofAlice) each.catch((error: unknown) => refusals.push(error));
    await eventually(() => expect(refusals).toHaveLength(7));
    for (const refusal of refusals) expect(refusal).toMatchObject({ reason: 'RATE_LIMITED' });
    const ofBob = call(bob, 'bob');
    finish();
    await expect(ofBob).resolves.toBeUndefined();
    await Promise.allSettled(ofAlice);
    await expect(call(alice, 'alice')).resolves.toBeUndefined();
  });

  test('has requests in memory up to their limit', async () => {
    await start(limited({ bytesInFlightMax: 1000 }));
    finish();
    const refused = call(alice, 'alice', 'x'.repeat(2000));
    await expect(refused).rejects.toMatchObject({ reason: 'VALIDATION_FAILED' });
    await expect(call(alice, 'alice', 'x')).resolves.toBeUndefined();
  });

  test('gives back what refused requests took', async () => {
    await start(limited({ bytesInFlightMax: 1000, callsInFlightMax: 2 }));
    finish();
    for (let count = 0; count < 3; count += 1) {
      const refused = call(alice, 'alice', 'x'.repeat(2000));
      await expect(refused).rejects.toMatchObject({ reason: 'VALIDATION_FAILED' });
    }
    await expect(call(alice, 'alice', 'x')).resolves.toBeUndefined();
  });

  test('has as many calls as their handlers run, also when nobody waits for these', async () => {
    await start(limited({ callsInFlightMax: 2 }));
    const late = { reason: 'DEADLINE_EXCEEDED' };
    // On a busy machine, a call's time may pass before its handler begins.
    while (begun < 2) await expect(call(alice, 'alice', '', 200)).rejects.toMatchObject(late);
    await expect(call(alice, 'alice')).rejects.toMatchObject({ reason: 'RATE_LIMITED' });
    finish();
    await eventually(() => expect(call(alice, 'alice')).resolves.toBeUndefined());
  });

  test('is told that the service is full when all requests together take too much', async () => {
    await start({ limits: { bytesInFlightMax: 1000 }, trustedCallers: ['127.0.0.0/8'] });
    const refused = call(alice, 'alice', 'x'.repeat(2000));
    await expect(refused).rejects.toMatchObject({ reason: 'OVERLOADED' });
    finish();
    await expect(call(alice, 'alice', 'x')).resolves.toBeUndefined();
  });

  test('who comes from a gateway was counted there', async () => {
    await start({ ...limited({ callsInFlightMax: 1 }), trustedCallers: ['127.0.0.0/8'] });
    const calls = Array.from({ length: 10 }, () => call(alice, 'alice'));
    finish();
    await expect(Promise.all(calls)).resolves.toHaveLength(10);
  });
});

describe('a body at the Connect port', () => {
  const send = (body: Uint8Array | ReadableStream, headers: Record<string, string> = {}) =>
    fetch(`${server.httpUrl}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${alice.token}`,
        'content-type': 'application/json',
        ...headers,
      },
      body,
      ...(body instanceof ReadableStream && { duplex: 'half' }),
    });
  const note = (text: string) => Buffer.from(JSON.stringify({ userId: 'alice', text }));

  test('that does not say how long it is counts as what arrives', async () => {
    await start(limited({ bytesInFlightMax: 1000 }));
    finish();
    expect((await send(new Blob([note('x')]).stream())).status).toBe(200);
    expect((await send(new Blob([note('x'.repeat(2000))]).stream())).status).toBe(400);
  });

  test('that is compressed counts as what it becomes', async () => {
    await start(limited({ bytesInFlightMax: 1000 }));
    finish();
    const compressed = { 'content-encoding': 'gzip' };
    expect((await send(gzipSync(note('x')), compressed)).status).toBe(200);
    expect((await send(gzipSync(note('x'.repeat(2000))), compressed)).status).toBe(400);
  });
});
