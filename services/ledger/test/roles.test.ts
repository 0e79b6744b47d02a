import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type PostgresServer, startPostgres } from '@loyalty/local/postgres-server.ts';
import { execute } from '@loyalty/local/test-environment.ts';
import { ConfigError } from '@loyalty/platform/config.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { createKnex } from '@loyalty/platform/postgres/knex.ts';
import { migrate } from '@loyalty/platform/postgres/migrations.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import { withRole } from '@loyalty/platform/postgres/role.ts';
import pg from 'pg';
import { applicationRole } from '../src/storage/application-role.ts';
import { verifyLedger } from '../src/verify/verify-ledger.ts';

const migrations = join(import.meta.dirname, '../migrations');

// Roles belong to the cluster, so that these tests need one of their own.
let directory: string;
let postgres: PostgresServer;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'roles-'));
  postgres = await startPostgres({ directory, fsync: false });
});
afterAll(async () => {
  await postgres.stop();
  await rm(directory, { recursive: true });
});

const asAdministrator = (sql: string) => execute(postgres.url('postgres'), sql);

/** A database with an owner of the same name, and the owner's URL. */
async function createDatabase(name: string, attributes = ''): Promise<string> {
  const password = pg.escapeLiteral(postgres.passwordOf(name));
  await asAdministrator(`CREATE ROLE ${name} LOGIN ${attributes} PASSWORD ${password}`);
  await asAdministrator(`CREATE DATABASE ${name} OWNER ${name}`);
  return postgres.url(name, name);
}

async function migrateAs(url: string): Promise<void> {
  const knex = createKnex({ url, max: 1, applicationName: 'test' });
  try {
    await migrate(knex, migrations);
  } finally {
    await knex.destroy();
  }
}

async function refusalOf(attempt: Promise<void>): Promise<string> {
  const error = await attempt.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  return (error as Error).message;
}

/** What a session of the service may do to the journal. */
async function attempts(url: string): Promise<Record<string, string>> {
  const client = new pg.Client(withRole(url, applicationRole));
  await client.connect();
  const outcome = (sql: string) =>
    client.query(sql).then(
      () => 'done',
      (error: Error) => error.message,
    );
  const outcomes = {
    read: await outcome('SELECT FROM entries'),
    add: await outcome('INSERT INTO allocations SELECT 1, 1, now(), now(), $$NORMAL$$, 1'),
    change: await outcome('UPDATE entries SET reason = NULL'),
    remove: await outcome('DELETE FROM allocations'),
  };
  await client.end();
  return outcomes;
}

/** What is wrong with the journal's privileges. */
async function offenders(url: string): Promise<readonly string[]> {
  const logger = createLogger({ name: 'test', level: 'silent' });
  const pool = createPool({ url, max: 1, applicationName: 'test', logger });
  const violations = await verifyLedger(pool);
  await pool.end();
  return violations.flatMap((violation) => violation.offenders).toSorted();
}

const whatTheServiceMayDo = {
  read: 'done',
  add: 'done',
  change: 'permission denied for table entries',
  remove: 'permission denied for table allocations',
};

describe('the role that the ledger works in', () => {
  test('has to be made by somebody where the login mayn’t', async () => {
    const url = await createDatabase('modest');
    expect(await refusalOf(migrateAs(url))).toBe(
      '0001_tables.sql: modest may not create the role ledger_app, which the ledger works in. ' +
        'As a superuser: CREATE ROLE ledger_app NOLOGIN; GRANT ledger_app TO modest;',
    );
  });

  test('is made by a login that may make roles', async () => {
    const url = await createDatabase('maker', 'CREATEROLE');
    await migrateAs(url);
    expect(await attempts(url)).toEqual(whatTheServiceMayDo);
  });

  test('is shared with other databases of the cluster, once the login is a member', async () => {
    const url = await createDatabase('second', 'CREATEROLE');
    expect(await refusalOf(migrateAs(url))).toBe(
      '0001_tables.sql: second is not a member of the role ledger_app, which the ledger works in. ' +
        'As a superuser: GRANT ledger_app TO second;',
    );
    await asAdministrator('GRANT ledger_app TO second');
    await migrateAs(url);
    await migrateAs(url);
    expect(await attempts(url)).toEqual(whatTheServiceMayDo);
  });

  test('is found to be no protection once it can become somebody who may change the journal', async () => {
    const url = await createDatabase('trusting', 'SUPERUSER');
    await migrateAs(url);
    expect(await offenders(url)).toEqual([]);
    await asAdministrator('CREATE ROLE editor; GRANT editor TO ledger_app WITH INHERIT FALSE');
    await execute(url, 'GRANT UPDATE (reason) ON entries TO editor');
    const editor = 'ledger_app can become editor, who has UPDATE on entries';
    expect(await offenders(url)).toEqual([editor]);
    await asAdministrator('GRANT trusting TO ledger_app WITH INHERIT FALSE');
    expect(await offenders(url)).toEqual([
      editor,
      'ledger_app can become trusting, who owns allocations',
      'ledger_app can become trusting, who owns entries',
    ]);
  });
});
