import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, execute, type TestDatabase } from '@loyalty/local/test-environment.ts';
import { runMain, testServiceEnvironment } from '@loyalty/local/test-service.ts';
import { readLedgerConfig } from '../src/config.ts';
import { createServiceToken } from '../src/service-token.ts';

const main = join(import.meta.dirname, '../src/main.ts');

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase('ledger');
});
afterAll(() => database.drop());

function environment(): Record<string, string> {
  return {
    ...testServiceEnvironment('LEDGER_', { databaseUrl: database.url }),
    LEDGER_PROGRAMS_ADDRESS: '127.0.0.1:9',
  };
}

const run = (env: Record<string, string>) => runMain(main, env);

describe('the process', () => {
  test.each([
    { wrong: 'no database', change: { LEDGER_DATABASE_URL: '' }, key: 'LEDGER_DATABASE_URL' },
    { wrong: 'no issuer', change: { LEDGER_JWT_ISSUER: '' }, key: 'LEDGER_JWT_ISSUER' },
    {
      wrong: 'no programs',
      change: { LEDGER_PROGRAMS_ADDRESS: '' },
      key: 'LEDGER_PROGRAMS_ADDRESS',
    },
    {
      wrong: 'a port out of range',
      change: { LEDGER_GRPC_PORT: '70000' },
      key: 'LEDGER_GRPC_PORT',
    },
    {
      wrong: 'a pool of none',
      change: { LEDGER_DATABASE_POOL_SIZE: '0' },
      key: 'LEDGER_DATABASE_POOL_SIZE',
    },
    {
      wrong: 'a certificate that is not there',
      change: {
        LEDGER_TLS_CERTIFICATE_FILE: '/nowhere/tls.crt',
        LEDGER_TLS_KEY_FILE: '/nowhere/tls.key',
      },
      key: 'LEDGER_TLS_CERTIFICATE_FILE',
    },
    {
      wrong: 'a secret of one letter',
      change: { LEDGER_JWT_SECRET: 'k'.repeat(64) },
      key: 'LEDGER_JWT_SECRET',
    },
    { wrong: 'an unknown key', change: { LEDGER_GPRC_PORT: '1' }, key: 'LEDGER_GPRC_PORT' },
    { wrong: 'two keys for tokens', change: { LEDGER_JWT_JWKS: 'x' }, key: 'LEDGER_JWT_JWKS' },
    {
      wrong: 'no way to a token of its own',
      change: { LEDGER_JWT_SECRET: '', LEDGER_JWT_JWKS: 'https://issuer.test/jwks' },
      key: 'LEDGER_SERVICE_TOKEN_FILE',
    },
  ])('with $wrong says so in one line and exits', async ({ change, key }) => {
    const { output, exited } = run({ ...environment(), ...change });
    expect(await exited).not.toBe(0);
    expect(output.stdout).toBe('');
    expect(output.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(output.stderr).toContain(key);
  });

  test('refuses a database that a newer release has migrated', async () => {
    await execute(
      database.url,
      `insert into knex_migrations (name, batch, migration_time) values ('9999_later.sql', 99, now())`,
    );
    try {
      const { output, exited } = run(environment());
      expect(await exited).not.toBe(0);
      expect(output.stderr).toContain('9999_later.sql');
    } finally {
      await execute(database.url, `delete from knex_migrations where name = '9999_later.sql'`);
    }
  });

  test('waits for NATS before it says that it is ready, and stops cleanly', async () => {
    const { child, output, exited } = run(environment());
    for await (const _ of child.stdout) if (output.stdout.includes('is ready')) break;
    const port = /"managementPort":(\d+)/.exec(output.stdout)?.[1];
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(503);
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });
});

test('a token file is read anew for each call', async () => {
  const file = join(tmpdir(), `ledger-token-${process.pid}`);
  const config = readLedgerConfig({ ...environment(), LEDGER_SERVICE_TOKEN_FILE: file });
  const token = createServiceToken(config);
  await writeFile(file, 'first\n');
  expect(await token()).toBe('first');
  await writeFile(file, 'second\n');
  expect(await token()).toBe('second');
  await rm(file);
});
