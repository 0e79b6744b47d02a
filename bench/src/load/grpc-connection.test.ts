import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { openGrpcConnection } from './grpc-connection.ts';

const message = Buffer.from([0, 0, 0, 0, 2, 8, 1]);
const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

type Serve = (stream: ServerHttp2Stream, request: { headers: object; body: Buffer }) => void;

async function connectTo(serve: Serve) {
  const server = createServer();
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => serve(stream, { headers, body: Buffer.concat(chunks) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const address = `127.0.0.1:${port}`;
  const connection = await openGrpcConnection({
    address,
    path: '/test.Service/Call',
    token: 'secret',
  });
  cleanups.push(
    () => connection.close(),
    () => server.close(),
  );
  return connection;
}

function respond(stream: ServerHttp2Stream, status: string, body?: Buffer): void {
  stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
  stream.end(body);
}

describe('a call of the load generator', () => {
  test('succeeds with status 0 and a response, again and again on one connection', async () => {
    const connection = await connectTo((stream) => respond(stream, '0', message));
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => connection.call(message)));
    expect(outcomes).toEqual(Array.from({ length: 50 }, () => undefined));
    expect(await connection.call(message)).toBeUndefined();
  });

  test('carries the same headers every time, the token among them', async () => {
    const seen: object[] = [];
    const connection = await connectTo((stream, { headers }) => {
      seen.push({ ...headers });
      respond(stream, '0', message);
    });
    await connection.call(message);
    await connection.call(message);
    expect(seen[0]).toMatchObject({
      ':method': 'POST',
      ':path': '/test.Service/Call',
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: 'Bearer secret',
    });
    expect(seen[1]).toEqual(seen[0]);
  });

  test.each(['7', '14'])('fails with status %s', async (status) => {
    const connection = await connectTo((stream) => respond(stream, status, message));
    expect(await connection.call(message)).toBe(`grpc-status ${status}`);
  });

  test('fails when the status is 0 but no response came', async () => {
    const connection = await connectTo((stream) => respond(stream, '0'));
    expect(await connection.call(message)).toBe('no response arrived');
  });

  test('fails when no status came', async () => {
    const connection = await connectTo((stream) => {
      stream.respond({ 'content-type': 'application/grpc' });
      stream.end(message);
    });
    expect(await connection.call(message)).toBe('no grpc-status arrived');
  });

  test('fails when the server resets it', async () => {
    const connection = await connectTo((stream) => stream.close(8));
    expect(await connection.call(message)).toBe('reset with code 8');
  });

  test('ends the load when the connection breaks', async () => {
    const connection = await connectTo((stream) => stream.session?.destroy());
    await expect(connection.call(message)).rejects.toThrow(/closed|closes/);
    await expect(connection.call(message)).rejects.toThrow(/closed|closes/);
  });

  test('goes over another session once the server retires the first, and none is lost', async () => {
    const sessions = new Set<unknown>();
    const connection = await connectTo((stream) => {
      const { session } = stream;
      if (session === undefined) throw new Error('the stream has no session');
      if (sessions.size === 0) session.goaway(0, 2 ** 31 - 1);
      sessions.add(session);
      setImmediate(() => {
        respond(stream, '0', message);
        session.close();
      });
    });
    const large = Buffer.alloc(40_000, 1);
    const atOnce = [large, message, large, large].map((sent) => connection.call(sent));
    expect(await Promise.all(atOnce)).toEqual(atOnce.map(() => undefined));
    for (let call = 0; call < 10; call += 1) {
      expect(await connection.call(message)).toBeUndefined();
    }
    expect(sessions.size).toBeGreaterThan(1);
  });

  test('arrives whole when it is larger than a frame, and when many fill the server’s window', async () => {
    const sizes: number[] = [];
    const connection = await connectTo((stream, { body }) => {
      sizes.push(body.length);
      respond(stream, '0', message);
    });
    const large = Buffer.alloc(40_000, 1);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => connection.call(large)));
    expect(outcomes).toEqual(Array.from({ length: 20 }, () => undefined));
    expect(sizes).toEqual(Array.from({ length: 20 }, () => 40_000));
  });
});
