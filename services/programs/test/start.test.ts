import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execute } from '@loyalty/local/test-environment.ts';
import { runMain, testServiceEnvironment } from '@loyalty/local/test-service.ts';
import { type Setting, startSetting } from './running-programs.ts';

const main = join(import.meta.dirname, '../src/main.ts');

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

function environment(): Record<string, string> {
  return {
    ...testServiceEnvironment('PROGRAMS_', {
      databaseUrl: setting.databaseUrl,
      natsUrl: setting.natsUrl,
    }),
    PROGRAMS_LEDGER_ADDRESS: '127.0.0.1:9',
  };
}

const run = (env: Record<string, string>) => runMain(main, env);

describe('the process', () => {
  test.each([
    { wrong: 'no database', change: { PROGRAMS_DATABASE_URL: '' }, key: 'PROGRAMS_DATABASE_URL' },
    { wrong: 'no issuer', change: { PROGRAMS_JWT_ISSUER: '' }, key: 'PROGRAMS_JWT_ISSUER' },
    {
      wrong: 'no ledger',
      change: { PROGRAMS_LEDGER_ADDRESS: '' },
      key: 'PROGRAMS_LEDGER_ADDRESS',
    },
    {
      wrong: 'a port out of range',
      change: { PROGRAMS_GRPC_PORT: '70000' },
      key: 'PROGRAMS_GRPC_PORT',
    },
    {
      wrong: 'a pool of none',
      change: { PROGRAMS_DATABASE_POOL_SIZE: '0' },
      key: 'PROGRAMS_DATABASE_POOL_SIZE',
    },
    {
      wrong: 'a certificate that is not there',
      change: {
        PROGRAMS_TLS_CERTIFICATE_FILE: '/nowhere/tls.crt',
        PROGRAMS_TLS_KEY_FILE: '/nowhere/tls.key',
      },
      key: 'PROGRAMS_TLS_CERTIFICATE_FILE',
    },
    {
      wrong: 'a secret of one letter',
      change: { PROGRAMS_JWT_SECRET: 'k'.repeat(64) },
      key: 'PROGRAMS_JWT_SECRET',
    },
    { wrong: 'an unknown key', change: { PROGRAMS_GPRC_PORT: '1' }, key: 'PROGRAMS_GPRC_PORT' },
    { wrong: 'two keys for tokens', change: { PROGRAMS_JWT_JWKS: 'x' }, key: 'PROGRAMS_JWT_JWKS' },
    { wrong: 'a short secret', change: { PROGRAMS_JWT_SECRET: 'x' }, key: 'PROGRAMS_JWT_SECRET' },
    {
      wrong: 'a NATS URL that is none',
      change: { PROGRAMS_NATS_URL: 'x' },
      key: 'PROGRAMS_NATS_URL',
    },
  ])('with $wrong says so in one line and exits', async ({ change, key }) => {
    const { output, exited } = run({ ...environment(), ...change });
    expect(await exited).not.toBe(0);
    expect(output.stdout).toBe('');
    expect(output.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(output.stderr).toContain(key);
  });

  test('refuses a database that a newer release has migrated', async () => {
    const newer = `insert into knex_migrations (name, batch, migration_time) values ('9999_later.sql', 99, now())`;
    await execute(setting.databaseUrl, newer);
    try {
      const { output, exited } = run(environment());
      expect(await exited).not.toBe(0);
      expect(output.stderr).toContain('9999_later.sql');
    } finally {
      await execute(
        setting.databaseUrl,
        `delete from knex_migrations where name = '9999_later.sql'`,
      );
    }
  });

  test('says where it listens, and stops cleanly when asked to', async () => {
    const { child, output, exited } = run(environment());
    for await (const _ of child.stdout) if (output.stdout.includes('is ready')) break;
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(output.stdout).toMatch(/"grpcPort":\d+,"httpPort":\d+,"managementPort":\d+/);
  });
});

test('the same handlers answer over HTTP, and probes and metrics only at the management port', async () => {
  const response = await fetch(`${setting.httpUrl}/loyalty.programs.v1.ProgramService/GetProgram`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${setting.tokens.admin}`,
    },
    body: JSON.stringify({ programId: 'not-there' }),
  });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: 'not_found' });
  expect((await fetch(`${setting.managementUrl}/readyz`)).status).toBe(200);
  const metrics = await fetch(`${setting.managementUrl}/metrics`);
  expect(await metrics.text()).toContain('outbox_rows_total');
});
