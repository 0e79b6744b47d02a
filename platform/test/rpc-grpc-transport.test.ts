import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ErrorInfoSchema } from '@loyalty/proto/google/rpc/error_details_pb.ts';
import { StatusSchema } from '@loyalty/proto/google/rpc/status_pb.ts';
import { createClient } from '../src/rpc/client.ts';
import { eventually } from './eventually.ts';
import { callRaw, grpcFrame, type RawAnswer, statusOfRawCall } from './grpc-frames.ts';
import { type NoteServer, startNoteServer, tokenFor } from './note-server.ts';
import { methodOf, type Note } from './note-service.ts';

const path = '/note.v1.NoteService/WriteNote';
let server: NoteServer;
let token: string;
let handled = 0;

beforeAll(async () => {
  token = await tokenFor('checkout', ['service']);
  server = await startNoteServer(
    {
      writeNote: (note) => {
        handled += 1;
        if (note.text === 'soon') return delay(50, note);
        return note.text === 'hang' ? new Promise(() => undefined) : Promise.resolve(note);
      },
    },
    { defaultDeadlineMs: 300 },
  );
});

afterAll(() => server.stop());

function send(body: Buffer, headers: Record<string, string> = {}): Promise<RawAnswer> {
  return callRaw(`http://${server.grpcAddress}`, {
    path,
    headers: { authorization: `Bearer ${token}`, ...headers },
    body,
  });
}

function note(fields: Partial<Note>): Uint8Array {
  const { input } = methodOf(server.service, 'WriteNote');
  return toBinary(input, create(input, fields as Record<string, string>));
}

function reasonOf({ headers, trailers }: RawAnswer): string | undefined {
  const details = headers['grpc-status-details-bin'] ?? trailers['grpc-status-details-bin'];
  if (details === undefined) return undefined;
  const [info] = fromBinary(StatusSchema, Buffer.from(String(details), 'base64')).details;
  return info && anyUnpack(info, ErrorInfoSchema)?.reason;
}

describe('a request that is', () => {
  test('empty is a message with no field set', async () => {
    expect((await send(grpcFrame(new Uint8Array()))).status).toBe(0);
  });

  test('gzipped is understood', async () => {
    const body = grpcFrame(gzipSync(note({ text: 'hello' })), true);
    expect((await send(body, { 'grpc-encoding': 'gzip' })).status).toBe(0);
  });

  test('answered carries the request id that it came with', async () => {
    const answer = await send(grpcFrame(note({})), { 'x-request-id': 'order-1' });
    expect(answer.headers['x-request-id']).toBe('order-1');
  });

  test.each([
    ['garbage', () => Buffer.from('ffffffff', 'hex')],
    ['cut off in the middle of a field', () => Buffer.from(note({ text: 'hello' })).subarray(0, 4)],
    ['text that is no UTF-8', () => Buffer.from('1a02c328', 'hex')],
  ])('%s is INVALID_ARGUMENT', async (_case, message) => {
    const answer = await send(grpcFrame(message()));
    expect(answer.status).toBe(3);
    expect(reasonOf(answer)).toBe('VALIDATION_FAILED');
  });

  test.each([
    ['without a message', ''],
    ['cut off in the length of its message', '000000'],
    ['cut off before its message', '0000000008'],
    ['cut off within its message', '00000000081a05'],
    ['followed by a byte', '000000000000'],
    ['followed by another message', '00000000000000000000'],
    ['with a first byte that is neither 0 nor 1', '0200000000'],
    ['compressed in a way that no header names', '0100000000'],
  ])('%s is INVALID_ARGUMENT', async (_case, bytes) => {
    const answer = await send(Buffer.from(bytes, 'hex'));
    expect(answer.status).toBe(3);
    expect(reasonOf(answer)).toBe('VALIDATION_FAILED');
  });

  test('never at its end is DEADLINE_EXCEEDED, and its stream is closed', async () => {
    const impatient = await startNoteServer({}, { limits: { requestArrivalMsMax: 200 } });
    try {
      for (const body of ['', '00000000081a05']) {
        const answer = await callRaw(`http://${impatient.grpcAddress}`, {
          path,
          headers: { authorization: `Bearer ${token}` },
          body: Buffer.from(body, 'hex'),
          neverEnds: true,
        });
        expect(answer.status).toBe(4);
        expect(reasonOf(answer)).toBe('DEADLINE_EXCEEDED');
      }
    } finally {
      await impatient.stop();
    }
  });

  test('never at its end, from nobody, is UNAUTHENTICATED without being read', async () => {
    const answer = await callRaw(`http://${server.grpcAddress}`, {
      path,
      headers: { authorization: 'Bearer other' },
      body: grpcFrame(Buffer.alloc(1_000_000)).subarray(0, -1),
      neverEnds: true,
      leavesAtStatus: true,
    });
    expect([answer.status, reasonOf(answer)]).toEqual([16, 'UNAUTHENTICATED']);
  });

  test('garbage from nobody is UNAUTHENTICATED first', async () => {
    const answer = await send(grpcFrame(Buffer.from('ffffffff', 'hex')), { authorization: '' });
    expect(answer.status).toBe(16);
    expect(reasonOf(answer)).toBe('UNAUTHENTICATED');
  });
});

describe('refused, without reaching the handler, is', () => {
  test.each<[string, () => Promise<RawAnswer>, number, string]>([
    [
      'a length prefix of 4 GiB',
      () => send(Buffer.from('00ffffffff', 'hex')),
      3,
      'VALIDATION_FAILED',
    ],
    [
      'a message larger than the limit',
      () => send(grpcFrame(note({ text: 'x'.repeat(5 * 1024 * 1024) }))),
      3,
      'VALIDATION_FAILED',
    ],
    [
      'a small message that unzips to a huge one',
      () => send(grpcFrame(gzipSync(Buffer.alloc(50_000_000)), true), { 'grpc-encoding': 'gzip' }),
      3,
      'VALIDATION_FAILED',
    ],
    [
      'an encoding that nobody knows',
      () => send(grpcFrame(note({}), true), { 'grpc-encoding': 'rot13' }),
      3,
      'VALIDATION_FAILED',
    ],
    [
      'a compressed message that is not',
      () => send(grpcFrame(note({ text: 'x' }), true), { 'grpc-encoding': 'gzip' }),
      3,
      'VALIDATION_FAILED',
    ],
    [
      'a deadline of no time',
      () => send(grpcFrame(note({})), { 'grpc-timeout': '0m' }),
      4,
      'DEADLINE_EXCEEDED',
    ],
    [
      'a header that is not a token',
      () => send(grpcFrame(note({})), { authorization: 'x' }),
      16,
      'UNAUTHENTICATED',
    ],
  ])('%s', async (_case, request, status, reason) => {
    const before = handled;
    const answer = await request();
    expect([answer.status, reasonOf(answer)]).toEqual([status, reason]);
    expect(handled).toBe(before);
  });

  test('a method that does not exist, on a connection that ends with an error at once', async () => {
    const session = connect(`http://${server.grpcAddress}`);
    session.on('error', () => undefined);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/note.v1.NoteService/NoSuchMethod',
      'content-type': 'application/grpc',
    });
    stream.on('error', () => undefined);
    await once(session, 'connect');
    session.goaway(constants.NGHTTP2_PROTOCOL_ERROR);
    await once(session, 'close');
    // Without a listener for the stream's error, the process would be gone.
    expect((await send(grpcFrame(note({})))).status).toBe(0);
  });

  test('a method that does not exist', async () => {
    const answer = await callRaw(`http://${server.grpcAddress}`, {
      path: '/note.v1.NoteService/NoSuchMethod',
      body: grpcFrame(note({})),
    });
    expect([answer.status, reasonOf(answer)]).toEqual([12, 'NOT_IMPLEMENTED']);
  });
});

test.each(['2147484S', '99999999S', '35792M', '99999999M', '1193H', '99999999H'])(
  'a deadline after %s is as good as none',
  async (timeout) => {
    const answer = await send(grpcFrame(note({ text: 'soon' })), { 'grpc-timeout': timeout });
    expect(answer.status).toBe(0);
  },
);

test.each(['1x', '', '123456789S', '-1S'])(
  'a timeout that can’t be read (%j) is INVALID_ARGUMENT',
  async (timeout) => {
    const answer = await send(grpcFrame(note({})), { 'grpc-timeout': timeout });
    expect([answer.status, reasonOf(answer)]).toEqual([3, 'VALIDATION_FAILED']);
  },
);

test('a call with two tokens is UNAUTHENTICATED, whichever comes first', async () => {
  const good = `Bearer ${token}`;
  for (const tokens of [
    [good, 'Bearer other'],
    ['Bearer other', good],
    [good, good],
  ]) {
    expect(await statusOfRawCall(server.grpcAddress, { path, tokens })).toBe('16');
  }
  expect(await statusOfRawCall(server.grpcAddress, { path, tokens: [good] })).toBe('0');
});

test('a call without a deadline gets the default one', async () => {
  const answer = await send(grpcFrame(note({ text: 'hang' })));
  expect(answer.status).toBe(4);
  expect(reasonOf(answer)).toBe('DEADLINE_EXCEEDED');
});

test('a caller that hangs up in the middle of a request disturbs nobody', async () => {
  await callRaw(`http://${server.grpcAddress}`, {
    path,
    headers: { authorization: `Bearer ${token}` },
    body: Buffer.from('0000000100', 'hex'),
    hangUp: true,
  });
  expect((await send(grpcFrame(note({})))).status).toBe(0);
});

test('a caller that hangs up while its call runs ends the call', async () => {
  const channel = server.channel();
  const client = createClient(server.service, channel) as unknown as Record<
    'writeNote',
    (note: object, options: object) => Promise<Note>
  >;
  const controller = new AbortController();
  const before = handled;
  const options = { token, requestId: 'hang-up-1', signal: controller.signal };
  const answer = client.writeNote({ text: 'hang' }, options).catch((error: unknown) => error);
  await eventually('the handler has the call', () => handled > before);
  controller.abort();
  await eventually('the call is logged', () =>
    server.lines.some(({ requestId, code }) => requestId === 'hang-up-1' && code === 'CANCELLED'),
  );
  expect(await answer).toMatchObject({ reason: 'CANCELLED' });
});
