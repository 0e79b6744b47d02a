import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, execute, type TestDatabase } from '@loyalty/local/test-environment.ts';
import { readWebhooksConfig } from '../src/config.ts';

const main = join(import.meta.dirname, '../src/main.ts');

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase('webhooks');
});
afterAll(() => database.drop());

function environment(): Record<string, string> {
  return {
    WEBHOOKS_HOST: '127.0.0.1',
    WEBHOOKS_GRPC_PORT: '0',
    WEBHOOKS_HTTP_PORT: '0',
    WEBHOOKS_MANAGEMENT_PORT: '0',
    WEBHOOKS_DATABASE_URL: database.url,
    WEBHOOKS_NATS_URL: 'nats://127.0.0.1:9',
    WEBHOOKS_LEDGER_ADDRESS: '127.0.0.1:9',
    WEBHOOKS_JWT_ISSUER: 'https://issuer.test',
    WEBHOOKS_JWT_AUDIENCE: 'loyalty',
    WEBHOOKS_JWT_SECRET: 'a secret of more than thirty-two bytes',
  };
}

function run(env: Record<string, string>) {
  const { NODE_COMPILE_CACHE = '' } = process.env;
  const child = spawn(process.execPath, [main], {
    env: { PATH: '/usr/bin:/bin', NODE_COMPILE_CACHE, ...env },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (output.stdout += data));
  child.stderr.on('data', (data) => (output.stderr += data));
  return { child, output, exited: once(child, 'close').then(([code]) => code as number) };
}

describe('the process', () => {
  test.each([
    ['WEBHOOKS_DATABASE_URL', ''],
    ['WEBHOOKS_LEDGER_ADDRESS', ''],
    ['WEBHOOKS_TIMEOUT_SECONDS', '31'],
    ['WEBHOOKS_ENDPOINTS_AT_ONCE', '0'],
    ['WEBHOOKS_ALLOW_PRIVATE_ADDRESSES', 'yes'],
    ['WEBHOOKS_ENDPOINT_AT_ONCE', '5'],
  ])('refuses %s=%s and names the key', async (key, value) => {
    const { output, exited } = run({ ...environment(), [key]: value });
    expect(await exited).toBe(78);
    expect(output.stderr.trim().split('\n')).toEqual([expect.stringContaining(key)]);
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
