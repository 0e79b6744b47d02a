import { afterEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@loyalty/local/test-environment.ts';
import { createDatabaseProbe } from '../src/postgres/probe.ts';
import { eventually } from './eventually.ts';
import { type NoteServer, startNoteServer } from './note-server.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Setting {
  readonly database: TestDatabase;
  readonly proxy: TcpProxy;
  readonly server: NoteServer;
}

/** A server that is ready while its database is, which it reaches through a proxy. */
async function started(): Promise<Setting> {
  const database = await createTestDatabase();
  ends.push(() => database.drop());
  const url = new URL(database.url);
  const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  ends.push(() => proxy.stop());
  url.host = `127.0.0.1:${proxy.port}`;
  const probe = createDatabaseProbe({ url: url.href, applicationName: 'readiness-test' });
  ends.push(() => probe.close());
  const server = await startNoteServer({}, { readiness: () => probe.check() });
  ends.push(() => server.stop());
  return { database, proxy, server };
}

async function readyz(server: NoteServer): Promise<{ status: number; tookMs: number }> {
  const start = performance.now();
  const { status } = await fetch(`${server.managementUrl}/readyz`);
  return { status, tookMs: performance.now() - start };
}

const becomes = (server: NoteServer, expected: number) =>
  eventually(`/readyz is ${expected}`, async () => {
    const { status, tookMs } = await readyz(server);
    expect(tookMs).toBeLessThan(1000);
    return status === expected;
  });

describe('/readyz has an answer within a second', () => {
  test('while the connection to the database is frozen, also for those who ask meanwhile', async () => {
    const { proxy, server } = await started();
    await becomes(server, 200);
    proxy.freeze();
    await becomes(server, 503);
    const answers = await Promise.all(Array.from({ length: 20 }, () => readyz(server)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503));
    expect(Math.max(...answers.map(({ tookMs }) => tookMs))).toBeLessThan(1000);
    // It may be frozen before the first question, too: then not even a connection can be made.
    for (let count = 0; count < 3; count++) await becomes(server, 503);
    proxy.thaw();
    await becomes(server, 200);
  });

  test('while the database refuses connections', async () => {
    const { proxy, server } = await started();
    await proxy.stop();
    ends.splice(1, 1);
    const { status, tookMs } = await readyz(server);
    expect(status).toBe(503);
    expect(tookMs).toBeLessThan(1000);
  });
});

test('a check that hangs is the only one', async () => {
  let checks = 0;
  const never = new Promise<void>(() => {});
  const server = await startNoteServer(
    {},
    {
      readiness: () => {
        checks += 1;
        return never;
      },
    },
  );
  ends.push(() => server.stop());
  const start = performance.now();
  while (performance.now() - start < 2500) expect((await readyz(server)).status).toBe(503);
  expect(checks).toBe(1);
});
