import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { freePort } from '../src/free-port.ts';
import { startNats } from '../src/nats-server.ts';
import { startPostgres } from '../src/postgres-server.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'loyalty servers '));
  await chmod(directory, 0o711);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

describe('PostgreSQL', () => {
  test('keeps its data from one start to the next, in a path with spaces', async () => {
    const home = join(directory, 'kept data');
    const first = await startPostgres({ directory: home, fsync: false });
    await query(first.url('postgres'), 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    const second = await startPostgres({ directory: home, fsync: false });
    try {
      expect(await query(second.url('postgres'), 'SELECT answer FROM kept')).toEqual([
        { answer: 42 },
      ]);
    } finally {
      await second.stop();
    }
  });

  test('lets in nobody without the password', async () => {
    const server = await startPostgres({ directory: join(directory, 'closed'), fsync: false });
    const url = new URL(server.url('postgres'));
    try {
      expect(await query(url.href, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      url.password = 'guessed';
      await expect(query(url.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
      const hba = await query(server.url('postgres'), 'SELECT auth_method FROM pg_hba_file_rules');
      expect(new Set(hba.map((rule) => JSON.stringify(rule)))).toEqual(
        new Set(['{"auth_method":"scram-sha-256"}']),
      );
    } finally {
      await server.stop();
    }
  });

  test('is not started on files that it has not made, whose password nobody knows', async () => {
    const home = join(directory, 'foreign');
    await mkdir(join(home, 'data'), { recursive: true });
    await writeFile(join(home, 'data/PG_VERSION'), '18\n');
    await expect(startPostgres({ directory: home, fsync: false })).rejects.toThrow(
      'npm start -- --fresh deletes what is there and begins anew',
    );
  });

  test('names the port that is taken', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as { port: number };
    try {
      await expect(
        startPostgres({ directory: join(directory, 'taken'), port, fsync: false }),
      ).rejects.toThrow(`Port ${port} of 127.0.0.1 is taken`);
      await expect(startNats({ directory: join(directory, 'taken'), port })).rejects.toThrow(
        `Port ${port} of 127.0.0.1 is taken`,
      );
    } finally {
      listener.close();
    }
  });
});

describe('both servers', () => {
  test('end when the process that started them is killed, and start again in its place', async () => {
    const home = join(directory, 'killed');
    for (let round = 1; round <= 2; round++) {
      const holder = fork(join(import.meta.dirname, 'hold-servers.ts'), [home]);
      const [{ ports }] = (await once(holder, 'message')) as [{ ports: number[] }];
      for (const port of ports) expect(await isListening(port)).toBe(true);
      holder.kill('SIGKILL');
      for (const port of ports) await until(async () => !(await isListening(port)));
    }
  });
});

describe('nats-server', () => {
  test('says when it ends unasked, and can be stopped then too', async () => {
    const home = join(directory, 'killed');
    const server = await startNats({ directory: home });
    process.kill(Number(await readFile(join(home, 'nats.pid'), 'utf8')), 'SIGKILL');
    await expect(server.failed).rejects.toThrow('ended with exit code 137');
    await server.stop();
  });

  test('lets in the user named, and nobody else', async () => {
    const port = await freePort();
    const user = { name: 'loyalty', password: 'pass "word" @/' };
    const server = await startNats({ directory: join(directory, 'nats user'), port, user });
    try {
      const { username, password } = new URL(server.url);
      const login = { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
      expect(await greet(port, login)).toContain('PONG');
      expect(await greet(port, { ...login, pass: 'guessed' })).toContain('Authorization Violation');
    } finally {
      await server.stop();
    }
  });
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Logs in, and returns what the server sends. */
async function greet(port: number, login: { user: string; pass: string }): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  socket.write(`CONNECT ${JSON.stringify(login)}\r\nPING\r\n`);
  let received = '';
  for await (const chunk of socket) {
    received += chunk;
    if (/PONG|-ERR/.test(received)) break;
  }
  return received;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('The condition has not come true in 10 s.');
    await delay(20);
  }
}
