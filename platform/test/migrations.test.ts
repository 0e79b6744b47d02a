import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@loyalty/local/test-environment.ts';
import type { Knex } from 'knex';
import { ConfigError } from '../src/config.ts';
import { createKnex } from '../src/postgres/knex.ts';
import { migrate } from '../src/postgres/migrations.ts';
import { eventually } from './eventually.ts';

const root = await mkdtemp(join(tmpdir(), 'migrations-'));
afterAll(() => rm(root, { recursive: true }));

let database: TestDatabase;
let knex: Knex;
let directories = 0;

beforeEach(async () => {
  database = await createTestDatabase();
  knex = connection();
});
afterEach(async () => {
  await knex.destroy();
  await database.drop();
});

function connection(): Knex {
  return createKnex({ url: database.url, max: 2, applicationName: 'migrations test' });
}

async function release(files: Record<string, string>): Promise<string> {
  const directory = join(root, String(directories++));
  await mkdir(directory);
  for (const [name, sql] of Object.entries(files)) await writeFile(join(directory, name), sql);
  return directory;
}

const first = { '0001_first.sql': 'CREATE TABLE first (id int); INSERT INTO first VALUES (1);' };
const second = { '0002_second.sql': "ALTER TABLE first ADD note text DEFAULT 'what?';" };

describe('migrate', () => {
  test('brings an empty database up to date, and an up-to-date one nowhere', async () => {
    const directory = await release({ ...first, ...second, 'README.md': 'not SQL' });
    expect(await migrate(knex, directory)).toEqual(['0001_first.sql', '0002_second.sql']);
    expect(await knex('first').select()).toEqual([{ id: 1, note: 'what?' }]);
    expect(await migrate(knex, directory)).toEqual([]);
  });

  test('applies only what a new release adds', async () => {
    await migrate(knex, await release(first));
    expect(await migrate(knex, await release({ ...first, ...second }))).toEqual([
      '0002_second.sql',
    ]);
  });

  test('keeps nothing of a file that fails, and everything of those before it', async () => {
    const faulty = { '0002_faulty.sql': 'CREATE TABLE half (id int); SELECT 1/0;' };
    await expect(migrate(knex, await release({ ...first, ...faulty }))).rejects.toThrow(
      /division by zero/,
    );
    expect(await knex.schema.hasTable('first')).toBe(true);
    expect(await knex.schema.hasTable('half')).toBe(false);
    expect(await migrate(knex, await release({ ...first, ...second }))).toEqual([
      '0002_second.sql',
    ]);
  });

  test('lets replicas that start at once take turns', async () => {
    const slow = { '0003_slow.sql': 'SELECT pg_sleep(0.3); CREATE TABLE slow (id int);' };
    const directory = await release({ ...first, ...second, ...slow });
    const replicas = Array.from({ length: 5 }, connection);
    const applied = await Promise.all(replicas.map((replica) => migrate(replica, directory)));
    expect(applied.flat()).toEqual(['0001_first.sql', '0002_second.sql', '0003_slow.sql']);
    await Promise.all(replicas.map((replica) => replica.destroy()));
  });

  test('is not held up by one that was killed in the middle', async () => {
    const endless = { '0002_second.sql': 'CREATE TABLE half (id int); SELECT pg_sleep(3600);' };
    const doomed = fork(join(import.meta.dirname, 'migrate-fixture.ts'), [
      database.url,
      await release({ ...first, ...endless }),
    ]);
    await eventually('the migration is asleep', async () => {
      const { rows } = await knex.raw(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()",
      );
      return rows.length > 0;
    });
    doomed.kill('SIGKILL');
    await once(doomed, 'exit');

    const directory = await release({ ...first, ...second });
    expect(await migrate(knex, directory)).toEqual(['0002_second.sql']);
    expect(await knex.schema.hasTable('half')).toBe(false);
  });

  test('refuses a database that a newer release has migrated, and names what it lacks', async () => {
    await migrate(knex, await release({ ...first, ...second }));
    const older = await release(first);
    await expect(migrate(knex, older)).rejects.toThrow(ConfigError);
    await expect(migrate(knex, older)).rejects.toThrow(/another release \(0002_second.sql unknown/);
  });

  test('says of a database that takes the connection and never answers which one it is', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const url = `postgres://ledger:s3cret@127.0.0.1:${port}/ledger`;
    const unanswered = createKnex({ url, max: 1, applicationName: 'migrations test' });
    try {
      await expect(
        migrate(unanswered, await release(first), 'LEDGER_DATABASE_URL'),
      ).rejects.toThrow(
        `the database that LEDGER_DATABASE_URL names (at 127.0.0.1:${port}) didn't answer within 5 s`,
      );
    } finally {
      await unanswered.destroy();
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });
});
