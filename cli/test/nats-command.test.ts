import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestNats, createTestNatsWithAccounts } from '@loyalty/local/test-environment.ts';
import { connectNats, type Nats } from '@loyalty/platform/messaging/connection.ts';

const main = join(import.meta.dirname, '../src/main.ts');

let server: Awaited<ReturnType<typeof createTestNats>>;
let nats: Nats;
beforeAll(async () => {
  server = await createTestNats();
  const logger = { info: () => undefined, warn: () => undefined };
  nats = connectNats({ url: server.url, name: 'test', logger });
});
afterAll(async () => {
  await nats.close();
  await server.stop();
});

function setup(...flags: string[]) {
  return setupAt(server.url, ...flags);
}

function setupAt(url: string, ...flags: string[]) {
  return new Promise<{ exitCode: number | string; stdout: string; stderr: string }>((resolve) => {
    const env = { ...process.env, NATS_OPERATOR_URL: url };
    const args = [main, 'nats', 'setup', ...flags];
    execFile(process.execPath, args, { env }, (error, stdout, stderr) => {
      resolve({ exitCode: error?.code ?? 0, stdout, stderr });
    });
  });
}

async function manager() {
  return await (await nats.connection()).jetstreamManager();
}

test('makes the streams that are missing, and repeated changes nothing', async () => {
  await (await manager()).streams.delete('LOYALTY_EVENTS');
  expect(await setup()).toEqual({
    exitCode: 0,
    stdout: 'LOYALTY_IN unchanged\nLOYALTY_EVENTS created\n',
    stderr: '',
  });
  expect(await setup()).toMatchObject({
    exitCode: 0,
    stdout: 'LOYALTY_IN unchanged\nLOYALTY_EVENTS unchanged\n',
  });
  const { config } = await (await manager()).streams.info('LOYALTY_EVENTS');
  expect(config).toMatchObject({
    subjects: ['loyalty.events.v1.>'],
    retention: 'limits',
    storage: 'file',
  });
});

test('gives a stream the subjects that it lacks', async () => {
  const { streams } = await manager();
  const { config } = await streams.info('LOYALTY_IN');
  await streams.update('LOYALTY_IN', { ...config, subjects: ['loyalty.earn.v1.*'] });
  expect((await setup()).stdout).toContain('LOYALTY_IN changed\n');
  expect((await streams.info('LOYALTY_IN')).config.subjects.toSorted()).toEqual([
    'loyalty.earn.v1.*',
    'loyalty.refund.v1.*',
  ]);
});

test('refuses what can not be changed in one line, and copies that the server can not hold', async () => {
  const { streams } = await manager();
  await streams.delete('LOYALTY_IN');
  expect(await setup('--replicas', '3')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/^stream LOYALTY_IN: the server refuses it: .*\n$/),
  });
  expect(await setup('--replicas', '0')).toMatchObject({ exitCode: 2 });
  await streams.add({ name: 'LOYALTY_IN', subjects: ['loyalty.earn.v1.*'] });
  expect(await setup()).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      'stream LOYALTY_IN has retention "limits" instead of "workqueue", which can\'t be changed: move its messages away, delete it, and repeat the setup\n',
  });
});

test('refuses copies of existing streams that a single server can not hold', async () => {
  await (await manager()).streams.delete('LOYALTY_IN');
  await setup();
  expect(await setup('--replicas', '3')).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      'stream LOYALTY_IN: 3 replicas need a cluster of at least 3 servers, and this server is in none; leave out --replicas, or give the URL of a cluster\n',
  });
  const { config } = await (await manager()).streams.info('LOYALTY_IN');
  expect(config.num_replicas).toBe(1);
});

test('names the permission that the user lacks, and where the user comes from', async () => {
  const guarded = await createTestNatsWithAccounts();
  try {
    expect(await setupAt(guarded.urlOf('producer'))).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'The NATS user in NATS_OPERATOR_URL lacks the permission to publish to "$JS.API.INFO"; give a user who has it: "operator" in deploy/kubernetes/components/nats/accounts.conf\n',
    });
    const { stderr } = await setupAt(guarded.url, '--nats-url', guarded.urlOf('programs'));
    expect(stderr).toMatch(/^The NATS user in --nats-url lacks the permission to publish to .*\n$/);
  } finally {
    await guarded.stop();
  }
});

test.each(['operator:wrong@', 'nobody:right@', ''])(
  'says at once that NATS refuses the user or the password, and where they come from: %s',
  async (login) => {
    const guarded = await createTestNats({ user: { name: 'operator', password: 'right' } });
    try {
      const url = guarded.url.replace(/\/\/.*@/, `//${login}`);
      const refused = (source: string) => ({
        exitCode: 2,
        stdout: '',
        stderr: `NATS refused the user or the password in ${source}; give those of a user of this NATS\n`,
      });
      expect(await setupAt(url)).toEqual(refused('NATS_OPERATOR_URL'));
      expect(await setup('--nats-url', url)).toEqual(refused('--nats-url'));
      expect(await setupAt(guarded.url)).toMatchObject({ exitCode: 0 });
    } finally {
      await guarded.stop();
    }
  },
);
