import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, execute, type TestDatabase } from '@loyalty/local/test-environment.ts';
import {
  expectNewerDatabaseRefused,
  expectRefusal,
  refusedSettings,
  runMain,
  testServiceEnvironment,
} from '@loyalty/local/test-service.ts';
import { readWebhooksConfig } from '../src/config.ts';

const main = join(import.meta.dirname, '../src/main.ts');

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase('webhooks');
});
afterAll(() => database.drop());

function environment(): Record<string, string> {
  return {
    ...testServiceEnvironment('WEBHOOKS_', { databaseUrl: database.url }),
    WEBHOOKS_LEDGER_ADDRESS: '127.0.0.1:9',
  };
}

const run = (env: Record<string, string>) => runMain(main, env);

describe('the process', () => {
  test.each(refusedSettings('WEBHOOKS_'))(
    'with $wrong says so in one line and exits',
    async ({ change, key }) => {
      await expectRefusal(run({ ...environment(), ...change }), key);
    },
  );

  test.each([
    ['WEBHOOKS_LEDGER_ADDRESS', ''],
    ['WEBHOOKS_TIMEOUT_SECONDS', '31'],
    ['WEBHOOKS_ENDPOINTS_AT_ONCE', '0'],
    ['WEBHOOKS_ALLOW_PRIVATE_ADDRESSES', 'yes'],
    ['WEBHOOKS_ENDPOINT_AT_ONCE', '5'],
  ])('refuses %s=%s and names the key', async (key, value) => {
    await expectRefusal(run({ ...environment(), [key]: value }), key);
  });

  test('refuses a database that a newer release has migrated', async () => {
    await expectNewerDatabaseRefused(database.url, () => run(environment()));
  });

  test('ends in good order, also without NATS and ledger', async () => {
    const { child, output, exited } = run(environment());
    child.stdout.on('data', () => {
      if (output.stdout.includes('listening')) child.kill('SIGTERM');
    });
    expect({ code: await exited, stderr: output.stderr }).toEqual({ code: 0, stderr: '' });
  });
});

test('private addresses are refused unless a setting allows them', () => {
  expect(readWebhooksConfig(environment()).allowsPrivateAddresses).toBe(false);
});

test('without a shared secret it needs a token of its own', () => {
  const { WEBHOOKS_JWT_SECRET, ...env } = environment();
  expect(() => readWebhooksConfig({ ...env, WEBHOOKS_JWT_JWKS: '/run/jwks.json' })).toThrow(
    'WEBHOOKS_SERVICE_TOKEN_FILE is missing',
  );
});

test('the role that the service works in can change rows, and no table', async () => {
  const asRole = (sql: string) => execute(database.url, `SET ROLE webhooks_app; ${sql}`);
  await asRole('DELETE FROM deliveries');
  for (const sql of ['DROP TABLE deliveries', 'TRUNCATE webhooks', 'CREATE TABLE more (id int)']) {
    await expect(asRole(sql)).rejects.toThrow(/permission denied|must be owner/);
  }
});
