// What a client of ours makes of a peer that fails outside of any handler.
import {
  constants,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { isRetryable } from '../src/error-catalog.ts';
import { type Channel, createChannel, createClient } from '../src/rpc/client.ts';
import type { RemoteError } from '../src/rpc/remote-error.ts';
import { grpcFrame } from './grpc-frames.ts';
import { startNoteServer, tokenFor } from './note-server.ts';
import { noteService } from './note-service.ts';

const service = noteService();
const open: { channels: Channel[]; server?: Http2Server; sessions: ServerHttp2Session[] } = {
  channels: [],
  sessions: [],
};

afterEach(async () => {
  for (const channel of open.channels.splice(0)) channel.close();
  for (const session of open.sessions.splice(0)) session.destroy();
  await new Promise<void>((resolve) => {
    if (open.server === undefined) resolve();
    else open.server.close(() => resolve());
  });
});

/** A client of a server that treats each call in the same way. */
async function clientOf(treat: (stream: ServerHttp2Stream) => void) {
  const server = createServer();
  open.server = server;
  server.on('session', (session) => open.sessions.push(session));
  server.on('sessionError', () => undefined);
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    stream.resume();
    stream.once('end', () => treat(stream));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return clientAt(`127.0.0.1:${(server.address() as AddressInfo).port}`);
}

function clientAt(address: string) {
  const channel = createChannel({ address, services: [], defaultTimeoutMs: 5000 });
  open.channels.push(channel);
  const { writeNote } = createClient(service, channel);
  if (writeNote === undefined) throw new Error('the service has no such method');
  return (text = '') => failureOf(writeNote({ userId: 'alice', text }, { token: 'none' }));
}

async function failureOf(call: Promise<unknown>): Promise<RemoteError> {
  try {
    await call;
  } catch (error) {
    return error as RemoteError;
  }
  throw new Error('the call did not fail');
}

function answerWith(status: number) {
  return (stream: ServerHttp2Stream) =>
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': String(status),
        'grpc-message': 'told by something in between at 10.0.0.7',
      },
      { endStream: true },
    );
}

describe('a status without a reason of ours', () => {
  test.each([
    ['UNKNOWN', 2, 'SERVICE_UNAVAILABLE'],
    ['INVALID_ARGUMENT', 3, 'SERVICE_UNAVAILABLE'],
    ['NOT_FOUND', 5, 'SERVICE_UNAVAILABLE'],
    ['PERMISSION_DENIED', 7, 'SERVICE_UNAVAILABLE'],
    ['RESOURCE_EXHAUSTED', 8, 'OVERLOADED'],
    ['INTERNAL', 13, 'SERVICE_UNAVAILABLE'],
    ['UNAVAILABLE', 14, 'SERVICE_UNAVAILABLE'],
    ['UNAUTHENTICATED', 16, 'SERVICE_UNAVAILABLE'],
    ['a number that gRPC does not have', 99, 'SERVICE_UNAVAILABLE'],
  ])('%s is a failure of the way there', async (_name, status, reason) => {
    const call = await clientOf(answerWith(status));
    const error = await call();
    expect(error).toMatchObject({ reason, code: 14 });
    expect(isRetryable(error.reason)).toBe(true);
    expect(error.message).not.toContain('10.0.0.7');
    expect(error.cause).toMatchObject({ code: status });
  });

  test('says that the method is missing where it is', async () => {
    const call = await clientOf(answerWith(12));
    expect(await call()).toMatchObject({ reason: 'NOT_IMPLEMENTED', code: 12 });
  });
});

describe('a call comes out as one that can be repeated when', () => {
  test.each([
    ['NO_ERROR', constants.NGHTTP2_NO_ERROR],
    ['PROTOCOL_ERROR', constants.NGHTTP2_PROTOCOL_ERROR],
    ['INTERNAL_ERROR', constants.NGHTTP2_INTERNAL_ERROR],
    ['REFUSED_STREAM', constants.NGHTTP2_REFUSED_STREAM],
    ['CANCEL', constants.NGHTTP2_CANCEL],
    ['ENHANCE_YOUR_CALM', constants.NGHTTP2_ENHANCE_YOUR_CALM],
    ['INADEQUATE_SECURITY', constants.NGHTTP2_INADEQUATE_SECURITY],
  ])('its stream is reset with %s', async (_name, code) => {
    const call = await clientOf((stream) => stream.close(code));
    expect(isRetryable((await call()).reason)).toBe(true);
  });

  test('the connection says GOAWAY and is cut', async () => {
    const call = await clientOf(({ session }) => {
      session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      session?.destroy();
    });
    expect(isRetryable((await call()).reason)).toBe(true);
  });

  test('the connection is cut in the middle of the answer', async () => {
    const call = await clientOf((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.write(Buffer.from('000000', 'hex'), () => stream.session?.destroy());
    });
    expect(isRetryable((await call()).reason)).toBe(true);
  });

  test('a proxy answers in its own words', async () => {
    const call = await clientOf((stream) => {
      stream.respond({ ':status': 413, 'content-type': 'text/html' });
      stream.end('<h1>too large</h1>');
    });
    expect(isRetryable((await call()).reason)).toBe(true);
  });

  test('the answer is larger than the channel takes', async () => {
    const call = await clientOf((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.end(grpcFrame(Buffer.alloc(9 * 1024 * 1024)));
    });
    expect(await call()).toMatchObject({ reason: 'OVERLOADED' });
  });

  test('the answer is no message', async () => {
    const call = await clientOf((stream) => {
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc' },
        { waitForTrailers: true },
      );
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(grpcFrame(Buffer.from('ffffffff', 'hex')));
    });
    expect(await call()).toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
  });

  test('nobody listens', async () => {
    const call = await clientOf(() => undefined);
    const { server } = open;
    await new Promise<void>((resolve) => server?.close(() => resolve()));
    delete open.server;
    expect(await call()).toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
  });
});

test('a reason of ours stays what it is, also with a code that the transport uses', async () => {
  const server = await startNoteServer({
    writeNote: () =>
      Promise.reject(
        Object.assign(new Error('slow down'), {
          reason: 'RATE_LIMITED',
          metadata: { unit: 'request' },
          retryAfterMs: 7000,
        }),
      ),
  });
  try {
    const { writeNote } = createClient(server.service, server.channel());
    const token = await tokenFor('checkout', ['service']);
    const call = writeNote?.({ userId: 'alice' }, { token }) as Promise<unknown>;
    expect(await failureOf(call)).toMatchObject({
      reason: 'RATE_LIMITED',
      code: 8,
      message: 'slow down',
      metadata: { unit: 'request' },
      retryAfterMs: 7000,
    });
  } finally {
    await server.stop();
  }
});
