import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@loyalty/local/test-environment.ts';
import {
  expectNewerDatabaseRefused,
  expectRefusal,
  refusedSettings,
  runMain,
  testServiceEnvironment,
} from '@loyalty/local/test-service.ts';
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
    ...refusedSettings('LEDGER_'),
    {
      wrong: 'no programs',
      change: { LEDGER_PROGRAMS_ADDRESS: '' },
      key: 'LEDGER_PROGRAMS_ADDRESS',
    },
    {
      wrong: 'no way to a token of its own',
      change: { LEDGER_JWT_SECRET: '', LEDGER_JWT_JWKS: 'https://issuer.test/jwks' },
      key: 'LEDGER_SERVICE_TOKEN_FILE',
    },
  ])('with $wrong says so in one line and exits', async ({ change, key }) => {
    await expectRefusal(run({ ...environment(), ...change }), key);
  });

  test('refuses a database that a newer release has migrated', async () => {
    await expectNewerDatabaseRefused(database.url, () => run(environment()));
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
