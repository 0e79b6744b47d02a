import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { create, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { talk as talkTo } from '@loyalty/local/talk.ts';
import { BadRequestSchema, ErrorInfoSchema } from '@loyalty/proto/google/rpc/error_details_pb.ts';
import { ValidationFailed } from '../src/errors.ts';
import { callRaw, grpcFrame } from './grpc-frames.ts';
import { type NoteServer, startNoteServer, tokenFor } from './note-server.ts';
import { methodOf, type Note, noteService } from './note-service.ts';

const path = '/note.v1.NoteService/WriteNote';
let server: NoteServer;
let token: string;

beforeAll(async () => {
  token = await tokenFor('alice', ['member']);
  server = await startNoteServer(
    {
      writeNote(note) {
        if (note.text === 'hang') return new Promise(() => undefined);
        if (note.text === 'soon') return delay(50, note);
        if (note.text === 'misplaced') {
          throw new ValidationFailed([{ field: 'program_id', message: 'must be another' }]);
        }
        if (note.text === 'unencodable')
          return Promise.resolve({ ...note, text: Object.create(null) as never });
        return Promise.resolve(note);
      },
      readNote: (note, context) => {
        context.assertOwner(note.userId, () => new Error('not yours'));
        return Promise.resolve(note);
      },
    },
    { defaultDeadlineMs: 300, limits: { requestArrivalMsMax: 1000, requestBytesMax: 100_000 } },
  );
});

afterAll(() => server.stop());

interface Answer {
  status: number;
  requestId: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of whatever the server says
  body: any;
}

async function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(server.httpUrl + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      ...headers,
    },
    body,
  });
  const text = await response.text();
  return {
    status: response.status,
    requestId: response.headers.get('x-request-id'),
    body: text.startsWith('{') ? JSON.parse(text) : text,
  };
}

function reasonIn({ body }: Answer): string | undefined {
  return body.details?.find((detail: { type: string }) => detail.type === ErrorInfoSchema.typeName)
    ?.debug?.reason;
}

function fieldsIn({ body }: Answer): string[] {
  const badRequest = body.details.find(
    (detail: { type: string }) => detail.type === BadRequestSchema.typeName,
  );
  return badRequest.debug.fieldViolations.map(({ field }: { field: string }) => field);
}

function noteBytes(fields: Partial<Note>): Uint8Array<ArrayBuffer> {
  const { input } = methodOf(server.service, 'WriteNote');
  return new Uint8Array(toBinary(input, create(input, fields as Record<string, string>)));
}

describe('curl', () => {
  test('can call a method with JSON', async () => {
    const answer = await post('{"userId":"alice","text":"hello"}', { 'x-request-id': 'curl-1' });
    expect(answer).toMatchObject({
      status: 200,
      requestId: 'curl-1',
      body: { userId: 'alice', text: 'hello' },
    });
  });

  test('learns nothing of the inside from an answer that can’t be encoded', async () => {
    const note = { userId: 'alice', text: 'unencodable' };
    for (const [contentType, body] of [
      ['application/json', JSON.stringify(note)],
      ['application/proto', noteBytes(note)],
    ] as const) {
      const headers = { 'content-type': contentType, 'x-request-id': 'unencodable-1' };
      const answer = await post(body, headers);
      expect(answer).toMatchObject({ status: 500, requestId: 'unencodable-1' });
      expect(reasonIn(answer)).toBe('INTERNAL');
      expect(answer.body.message).toBe(
        'An internal error occurred; report the request id unencodable-1',
      );
    }
    expect(
      server.lines.filter(
        ({ requestId, code }) => `${requestId} ${code}` === 'unencodable-1 INTERNAL',
      ),
    ).toHaveLength(2);
  });

  test('can name the trace that its call belongs to', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    await post('{"userId":"alice"}', { 'x-request-id': 'trace-1', traceparent });
    expect(server.lines.find((line) => line['requestId'] === 'trace-1')).toMatchObject({ traceId });
  });

  test('can send gzipped JSON', async () => {
    const body = new Uint8Array(gzipSync('{"userId":"alice","text":"zip"}'));
    const answer = await post(body, { 'content-encoding': 'gzip' });
    expect(answer.body).toMatchObject({ text: 'zip' });
  });

  test('can call by POST only, also what has no side effects', async () => {
    const url = new URL('/note.v1.NoteService/ReadNote', server.httpUrl);
    url.searchParams.set('connect', 'v1');
    url.searchParams.set('encoding', 'json');
    url.searchParams.set('message', '{"userId":"alice"}');
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('can begin its JSON with a byte order mark', async () => {
    const answer = await post('\ufeff{"userId":"alice","text":"bom"}');
    expect(answer.body).toMatchObject({ text: 'bom' });
  });

  test.each([
    ['twice', '{"userId":"alice","text":"a","text":"b"}', 'text'],
    ['of another kind', '{"user_id":7}', 'userId'],
    ['that there is not', '{"userId":"alice","txt":""}', 'txt'],
    ['that is too long', `{"userId":"alice","text":"${'x'.repeat(21)}"}`, 'text'],
    ['that the handler refuses', '{"userId":"alice","text":"misplaced"}', 'programId'],
  ])('is told by its JSON name of a field %s', async (_case, body, field) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(fieldsIn(answer)).toEqual([field]);
    expect(answer.body.message).toMatch(new RegExp(`^${field}: `));
  });

  test('is told by its proto name of a field that came as protobuf, unless it asks for JSON names', async () => {
    const body = noteBytes({ userId: 'alice', text: 'misplaced' });
    const headers = { 'content-type': 'application/proto' };
    expect(fieldsIn(await post(body, headers))).toEqual(['program_id']);
    const asking = { ...headers, 'x-field-names': 'json' };
    expect(fieldsIn(await post(body, asking))).toEqual(['programId']);
  });

  test.each<[string, string, Record<string, string>, number, string]>([
    ['without a token', '{}', { authorization: '' }, 401, 'UNAUTHENTICATED'],
    ["for another member's things", '{"userId":"bob"}', {}, 403, 'PERMISSION_DENIED'],
    ['for another, and wrong', '{"userId":"bob","txt":1}', {}, 403, 'PERMISSION_DENIED'],
    ['with malformed JSON', '{"userId":', {}, 400, 'VALIDATION_FAILED'],
    ['with an unknown field', '{"userId":"alice","txt":""}', {}, 400, 'VALIDATION_FAILED'],
    ['with a number for a text', '{"userId":7}', {}, 400, 'VALIDATION_FAILED'],
    [
      'with a text that is too long',
      `{"userId":"alice","text":"${'x'.repeat(21)}"}`,
      {},
      400,
      'VALIDATION_FAILED',
    ],
  ])('is refused %s', async (_case, body, headers, status, reason) => {
    const answer = await post(body, headers);
    expect(answer.status).toBe(status);
    expect(reasonIn(answer)).toBe(reason);
    expect(answer.requestId).toBeTruthy();
  });

  test.each([
    ['garbage', new Uint8Array([255, 255, 255])],
    ['JSON that is no UTF-8', new Uint8Array([0x22, 0xc3, 0x28])],
  ])('is told that bytes make no message: %s', async (kind, body) => {
    const type = kind === 'garbage' ? 'application/proto' : 'application/json';
    const answer = await post(body, { 'content-type': type });
    expect(answer.status).toBe(400);
    expect(reasonIn(answer)).toBe('VALIDATION_FAILED');
  });

  test.each<[string, number, string | Uint8Array<ArrayBuffer>, Record<string, string>]>([
    ['a body over the limit', 413, `{"userId":"alice","text":"${'x'.repeat(200_000)}"}`, {}],
    [
      'a small body that unzips to a huge one',
      400,
      new Uint8Array(gzipSync(Buffer.alloc(50_000_000, 32))),
      { 'content-encoding': 'gzip' },
    ],
    ['a body that is not as it says', 400, '{}', { 'content-encoding': 'gzip' }],
    ['an encoding that nobody knows', 400, '{}', { 'content-encoding': 'rot13' }],
    ['a timeout that is no number', 400, '{}', { 'connect-timeout-ms': '1s' }],
    ['a timeout that is negative', 400, '{}', { 'connect-timeout-ms': '-5' }],
  ])('is refused, with a reason and a log line, with %s', async (what, status, body, headers) => {
    const requestId = what.replaceAll(' ', '-');
    const answer = await post(body, { ...headers, 'x-request-id': requestId });
    expect(answer).toMatchObject({ status, requestId });
    expect(reasonIn(answer)).toBe('VALIDATION_FAILED');
    expect(server.lines.find((line) => line['requestId'] === requestId)).toMatchObject({
      reason: 'VALIDATION_FAILED',
    });
    expect((await post('{"userId":"alice"}')).status).toBe(200);
  });

  test('is told that there is no such method, which is logged', async () => {
    const response = await fetch(`${server.httpUrl}/note.v1.NoteService/WriteNotes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'unknown-1' },
      body: '{"userId":"alice"}',
    });
    expect([response.status, response.headers.get('x-request-id')]).toEqual([501, 'unknown-1']);
    expect(await response.json()).toMatchObject({
      code: 'unimplemented',
      message: 'There is no method note.v1.NoteService/WriteNotes here',
      details: [{ debug: { reason: 'NOT_IMPLEMENTED' } }],
    });
    expect(server.lines.find((line) => line['requestId'] === 'unknown-1')).toMatchObject({
      method: 'note.v1.NoteService/WriteNotes',
      code: 'UNIMPLEMENTED',
    });
  });

  test('is refused with a content type that is not served', async () => {
    expect((await post('a=b', { 'content-type': 'text/plain' })).status).toBe(415);
  });

  test('gets an answer when the handler hangs', async () => {
    const answer = await post('{"userId":"alice","text":"hang"}');
    expect(answer.body.code).toBe('deadline_exceeded');
    expect(reasonIn(answer)).toBe('DEADLINE_EXCEEDED');
  });

  test.each([
    ['connect-timeout-ms', '2147483648'],
    ['connect-timeout-ms', '9999999999'],
  ])('can wait as long as it likes: %s %s', async (header, value) => {
    const answer = await post('{"userId":"alice","text":"soon"}', { [header]: value });
    expect(answer).toMatchObject({ status: 200, body: { text: 'soon' } });
  });

  test('can shorten the time that it waits', async () => {
    const start = performance.now();
    const headers = { 'connect-timeout-ms': '50' };
    const answer = await post('{"userId":"alice","text":"hang"}', headers);
    expect(answer.body.code).toBe('deadline_exceeded');
    expect(performance.now() - start).toBeLessThan(290);
  });

  test('is told that its time is up, also where a clock is behind the timers', async () => {
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now());
    try {
      const headers = { 'connect-timeout-ms': '50' };
      const response = await post('{"userId":"alice","text":"hang"}', headers);
      expect(response.body.code).toBe('deadline_exceeded');
    } finally {
      clock.mockRestore();
    }
  });
});

describe.each<[string, () => Transport]>([
  [
    'Connect over HTTP/1.1',
    () => createConnectTransport({ baseUrl: server.httpUrl, httpVersion: '1.1' }),
  ],
  [
    'Connect over HTTP/2',
    () => createConnectTransport({ baseUrl: server.httpUrl, httpVersion: '2' }),
  ],
  [
    'gRPC-Web over HTTP/1.1',
    () => createGrpcWebTransport({ baseUrl: server.httpUrl, httpVersion: '1.1' }),
  ],
  ['gRPC over HTTP/2', () => createGrpcTransport({ baseUrl: server.httpUrl })],
])('a client that speaks %s', (_protocol, transport) => {
  function write(note: Partial<Note>): Promise<Note> {
    const client = createClient(server.service, transport()) as unknown as Record<
      'writeNote',
      (note: object, options: object) => Promise<Note>
    >;
    return client.writeNote(note, { headers: { authorization: `Bearer ${token}` } });
  }

  test('gets an answer', async () => {
    expect(await write({ userId: 'alice', text: 'hello' })).toMatchObject({ text: 'hello' });
  });

  test('is told that there is no such method', async () => {
    const other = noteService([{ name: 'BurnNote' }]);
    const client = createClient(other, transport()) as unknown as Record<
      'burnNote',
      (note: object) => Promise<Note>
    >;
    const error = ConnectError.from(await client.burnNote({}).catch((thrown: unknown) => thrown));
    expect(error.code).toBe(Code.Unimplemented);
    expect(error.findDetails(ErrorInfoSchema)[0]).toMatchObject({ reason: 'NOT_IMPLEMENTED' });
  });

  test('gets errors with their reason', async () => {
    const error = ConnectError.from(
      await write({ userId: 'bob' }).catch((thrown: unknown) => thrown),
    );
    expect(error.code).toBe(Code.PermissionDenied);
    expect(error.findDetails(ErrorInfoSchema)[0]).toMatchObject({
      reason: 'PERMISSION_DENIED',
      domain: 'loyalty',
    });
  });
});

test('gRPC with bytes that make no message is INVALID_ARGUMENT at this transport too', async () => {
  const headers = { authorization: `Bearer ${token}` };
  const garbage = { path, headers, body: grpcFrame(Buffer.from('ffffff', 'hex')) };
  expect((await callRaw(server.httpUrl, garbage)).status).toBe(3);
  const cutOff = { path, headers, body: grpcFrame(noteBytes({ text: 'hello' })).subarray(0, 8) };
  expect((await callRaw(server.httpUrl, cutOff)).status).toBe(3);
  const body = grpcFrame(noteBytes({ userId: 'alice' }));
  expect((await callRaw(server.httpUrl, { path, headers, body })).status).toBe(0);
});

test('nothing but methods is there', async () => {
  const missing = await fetch(`${server.httpUrl}/`);
  expect(missing.status).toBe(404);
  expect(missing.headers.get('content-type')).toBe('application/problem+json');
  const read = await fetch(`${server.httpUrl}${path}`);
  expect([read.status, read.headers.get('allow')]).toEqual([405, 'POST']);
  expect(read.headers.get('content-type')).toBe('application/problem+json');
});

describe('a connection', () => {
  const talk = (text: string) => talkTo(server.httpUrl, text);

  test('that says nothing is closed', async () => {
    expect(await talk('')).toBe('');
  });

  test('whose first bytes come one at a time is served', async () => {
    const { hostname, port } = new URL(server.httpUrl);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connectTcp(Number(port), hostname, () => {
        socket.setNoDelay(true);
        socket.write('G', () => socket.write('ET /nothing HTTP/1.0\r\n\r\n'));
      });
      socket.on('data', (chunk) => resolve(String(chunk)));
      socket.on('error', reject);
    });
    expect(answer).toContain('404 Not Found');
  });

  test('that stops where HTTP/2 may begin holds up nobody', async () => {
    const { hostname, port } = new URL(server.httpUrl);
    const socket = connectTcp(Number(port), hostname, () => socket.write('PR'));
    await new Promise((resolve) => socket.once('connect', resolve));
    expect((await fetch(`${server.httpUrl}/nothing`)).status).toBe(404);
    const answered = new Promise((resolve) => socket.once('data', resolve));
    socket.write('OPFIND /nothing HTTP/1.0\r\n\r\n');
    expect(String(await answered)).toContain('404 Not Found');
  });

  const head = `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n`;

  test('whose body does not arrive is told so', async () => {
    const answer = await talk(`${head}authorization: Bearer ${token}\r\n\r\n{`);
    expect(answer).toContain('408');
    expect(answer).toContain('application/problem+json');
  });

  test('whose HTTP/2 request does not end is told so', async () => {
    const session = connectHttp2(server.httpUrl);
    try {
      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
      });
      stream.write('{');
      let body = '';
      stream.on('data', (chunk) => {
        body += String(chunk);
      });
      const [[headers]] = await Promise.all([once(stream, 'response'), once(stream, 'close')]);
      expect(headers).toMatchObject({ ':status': 408, 'content-type': 'application/problem+json' });
      expect(JSON.parse(body)).toMatchObject({ status: 408, title: 'Request timeout' });
    } finally {
      session.destroy();
    }
  });

  test.each([
    ['nonsense', 'nonsense\r\n\r\n', '400'],
    ['too many headers', `GET / HTTP/1.1\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`, '431'],
  ])('with %s is refused by a problem', async (_case, bytes, status) => {
    const answer = await talk(bytes);
    expect(answer).toContain(`HTTP/1.1 ${status}`);
    expect(answer).toContain('application/problem+json');
  });

  test('without a good token is refused before its body arrives', async () => {
    expect(await talk(`${head}\r\n`)).toContain('401');
    const twice = `authorization: Bearer ${token}\r\nauthorization: Bearer other\r\n`;
    const answer = await talk(`${head}${twice}\r\n`);
    expect(answer).toContain('401');
    expect(answer).toContain('twice');
  });
});
