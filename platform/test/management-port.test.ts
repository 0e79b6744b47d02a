import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Gauge, Registry } from 'prom-client';
import { createManagementPort, type ManagementPort } from '../src/management-port.ts';
import { eventually } from './eventually.ts';
import { type NoteServer, startNoteServer } from './note-server.ts';

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function started(metrics = new Registry()): Promise<string> {
  const port: ManagementPort = createManagementPort({ isReady: () => true, metrics });
  ends.push(() => port.close());
  return `http://127.0.0.1:${await port.listen({ host: '127.0.0.1', port: 0 })}`;
}

async function startedServer(): Promise<NoteServer> {
  const server = await startNoteServer();
  ends.push(() => server.stop());
  return server;
}

describe('at the management port, without a token,', () => {
  test('orchestrators learn whether the service lives and is ready', async () => {
    const { managementUrl } = await startedServer();
    const answers = await Promise.all(
      ['/livez', '/readyz'].map(async (path) => (await fetch(`${managementUrl}${path}`)).text()),
    );
    expect(answers).toEqual(['alive\n', 'ready\n']);
  });

  test('monitoring reads the metrics', async () => {
    const { managementUrl } = await startedServer();
    const response = await fetch(`${managementUrl}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(await response.text()).toContain('rpc_server_duration_seconds');
  });

  test('nothing else is there', async () => {
    const { managementUrl } = await startedServer();
    expect((await fetch(`${managementUrl}/`)).status).toBe(404);
    expect((await fetch(`${managementUrl}/note.v1.NoteService/WriteNote`)).status).toBe(404);
    expect((await fetch(`${managementUrl}/livez`, { method: 'POST' })).status).toBe(405);
  });
});

test.each(['/livez', '/readyz', '/metrics'])(
  '%s is as unknown as any other path where callers come',
  async (path) => {
    const { httpUrl } = await startedServer();
    const [page, other] = await Promise.all(
      [path, '/no-such-path'].map(async (each) => {
        const response = await fetch(`${httpUrl}${each}`);
        return { status: response.status, body: await response.text() };
      }),
    );
    expect(page?.status).toBe(404);
    expect(page).toEqual(other);
  },
);

test('metrics are computed once for all who ask meanwhile', async () => {
  const metrics = new Registry();
  const computed = Promise.withResolvers<void>();
  let computations = 0;
  new Gauge({
    name: 'slow',
    help: 'takes its time',
    registers: [metrics],
    async collect() {
      computations += 1;
      this.set(computations);
      await computed.promise;
    },
  });
  const url = await started(metrics);
  let answered = 0;
  const scrape = async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    answered += 1;
    return text;
  };
  const first = scrape();
  const meanwhile = Promise.all(Array.from({ length: 20 }, scrape));
  // When this has its answer, the port has read the twenty requests that were sent before it.
  await (await fetch(`${url}/livez`)).text();
  expect(answered).toBe(0);
  computed.resolve();
  expect(new Set([await first, ...(await meanwhile)]).size).toBe(1);
  expect(computations).toBe(1);
  expect(await scrape()).toContain('slow 2');
});

test('a hundred connections stay open, and who opens more of them keeps nobody out', async () => {
  const url = await started();
  const { port, hostname } = new URL(url);
  const sockets = Array.from({ length: 120 }, () => connect(Number(port), hostname));
  let closed = 0;
  for (const socket of sockets) {
    socket.on('error', () => undefined);
    socket.once('close', () => {
      closed += 1;
    });
  }
  await eventually('twenty are closed', () => closed >= 20);
  expect(closed).toBe(20);
  expect(await (await fetch(`${url}/livez`)).text()).toBe('alive\n');
  for (const socket of sockets) socket.destroy();
});
