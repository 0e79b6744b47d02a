import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  expectNewerDatabaseRefused,
  expectRefusal,
  refusedSettings,
  runMain,
  testServiceEnvironment,
} from '@loyalty/local/test-service.ts';
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
    ...refusedSettings('PROGRAMS_'),
    {
      wrong: 'no ledger',
      change: { PROGRAMS_LEDGER_ADDRESS: '' },
      key: 'PROGRAMS_LEDGER_ADDRESS',
    },
    { wrong: 'a short secret', change: { PROGRAMS_JWT_SECRET: 'x' }, key: 'PROGRAMS_JWT_SECRET' },
    {
      wrong: 'a NATS URL that is none',
      change: { PROGRAMS_NATS_URL: 'x' },
      key: 'PROGRAMS_NATS_URL',
    },
  ])('with $wrong says so in one line and exits', async ({ change, key }) => {
    await expectRefusal(run({ ...environment(), ...change }), key);
  });

  test('refuses a database that a newer release has migrated', async () => {
    await expectNewerDatabaseRefused(setting.databaseUrl, () => run(environment()));
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
