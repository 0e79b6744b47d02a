import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createStreamTimes } from './stream-times.ts';

describe('the times of streams', () => {
  const server = createServer();
  let client: ClientHttp2Session;

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    client = connect(`http://127.0.0.1:${port}`);
  });

  afterAll(async () => {
    client.destroy();
    server.close();
    await once(server, 'close');
  });

  /** A stream whose request doesn't end. */
  async function openStream(): Promise<{ near: ClientHttp2Stream; far: ServerHttp2Stream }> {
    const near = client.request({ ':method': 'POST', ':path': '/' });
    near.on('error', () => undefined);
    const [far] = (await once(server, 'stream')) as [ServerHttp2Stream];
    return { near, far };
  }

  test('counts for those that are still open, whichever have closed', async () => {
    const limitTimes = createStreamTimes({ arrivalMsMax: 200, readingMsMax: 10_000 });
    const late: string[] = [];
    const streams = new Map<string, Awaited<ReturnType<typeof openStream>>>();
    for (const name of ['first', 'second', 'third', 'fourth']) {
      const stream = await openStream();
      streams.set(name, stream);
      limitTimes(stream.far, () => late.push(name));
    }
    for (const name of ['first', 'fourth']) {
      const { near, far } = streams.get(name) ?? {};
      near?.close();
      if (far !== undefined && !far.destroyed) await once(far, 'close');
    }
    while (!late.includes('second') || !late.includes('third')) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(late).not.toContain('first');
    expect(late).not.toContain('fourth');
  });

  test('leave nothing of a call with its stream once that has closed', async () => {
    const limitTimes = createStreamTimes({ arrivalMsMax: 10_000, readingMsMax: 10_000 });
    const { near, far } = await openStream();
    limitTimes(far, () => undefined);
    const closed = new Promise((resolve) => far.on('close', resolve));
    far.on('data', () => undefined);
    near.close();
    await closed;
    expect(far.eventNames()).toEqual(['error']);
  });
});
