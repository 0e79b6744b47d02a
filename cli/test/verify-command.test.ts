import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  createTestNatsWithAccounts,
  execute,
  type TestDatabase,
} from '@loyalty/local/test-environment.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';

const main = join(import.meta.dirname, '../src/main.ts');

let database: TestDatabase | undefined;
afterEach(async () => {
  await database?.drop();
  database = undefined;
});

interface Ended {
  readonly exitCode: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Gives the database in the environment, where other users of the machine can't read the password. */
function verify(url: string, ...flags: string[]): Promise<Ended> {
  return run(flags, { LEDGER_DATABASE_URL: url });
}

function run(flags: readonly string[], settings: NodeJS.Dict<string>): Promise<Ended> {
  return new Promise((resolve) => {
    const args = [main, 'verify', ...flags];
    const env = { ...process.env, NATS_OPERATOR_URL: '', ...settings };
    execFile(process.execPath, args, { env }, (error, stdout, stderr) => {
      resolve({ exitCode: error?.code ?? 0, stdout, stderr });
    });
  });
}

async function insertMembers(url: string, count: number): Promise<void> {
  await execute(
    url,
    `INSERT INTO memberships (membership_id, program_id, user_id, state, suspended, attributes, join_time,
       last_sequence, last_entry_time, available, pending, reserved, deficit,
       lifetime_earned, lifetime_redeemed, lifetime_expired, inactivity_expires_at, next_due_at,
       earn_window_start, earn_window_count, redemption_window_start, redemption_window_count)
     SELECT n, 'wine-dine', 'user-' || n, 'ACTIVE', false, '{}', now(), 0, now(), 0, 0, 0, 0, 0, 0, 0,
       'infinity', 'infinity', '-infinity', 0, '-infinity', 0
     FROM generate_series(1, ${count}) AS n`,
  );
}

test('a sound ledger passes, and what was not looked at is told', async () => {
  database = await createTestDatabase('ledger');
  const { exitCode, stdout } = await verify(database.url);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^I1 {2}balances +holds$/m);
  expect(stdout).toMatch(/^I7 {2}events +not checked: needs NATS_OPERATOR_URL or --nats-url$/m);
  expect(stdout).toMatch(/The books are sound\.\n$/);
});

test('a database that is given as an option is checked without the events of another one', async () => {
  database = await createTestDatabase('ledger');
  const { exitCode, stdout } = await run(['--database-url', database.url], {
    LEDGER_DATABASE_URL: 'postgres://nobody@127.0.0.1:9/ledger',
    NATS_OPERATOR_URL: 'nats://127.0.0.1:9',
  });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^I7 {2}events +not checked/m);
});

test('a ledger that is not sound fails, with what is broken, what that means and who it is about', async () => {
  database = await createTestDatabase('ledger');
  await execute(
    database.url,
    `INSERT INTO reward_stock SELECT 'wine-dine', 'reward-' || n, 1 FROM generate_series(1, 22) AS n`,
  );
  const { exitCode, stdout } = await verify(database.url);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^I8 {2}stock +BROKEN\n {4}It means: The stock taken of a reward equals/m);
  expect(stdout).toMatch(/^ {4}- stock of reward reward-\d+ of wine-dine: 1 taken, .* 0$/m);
  expect(stdout).toContain('    and 2 more\n');
  expect(stdout).toContain("1 of these don't hold.");
});

test('a replay derives every earn again, and names what differs', async () => {
  database = await createTestDatabase('ledger');
  const sound = await verify(database.url, '--replay');
  expect(sound).toMatchObject({ exitCode: 0 });
  expect(sound.stdout).toMatch(/^I10 derived again +holds\n {4}0 memberships, 0 entries/m);
  await insertMembers(database.url, 3);
  const broken = await verify(database.url, '--replay', '--after', '1');
  expect(broken).toMatchObject({ exitCode: 1 });
  expect(broken.stdout).toMatch(/^I10 derived again +BROKEN\n {4}2 memberships, 0 entries/m);
  expect(broken.stdout).not.toContain('I1 ');
  expect(broken.stderr).toContain(
    '- wine-dine, member user-2, program: definition stored none that can be read',
  );
  expect(await verify(database.url, '--after', '1')).toMatchObject({ exitCode: 2 });
});

test('a replay that loses its database ends, and says how to go on', async () => {
  database = await createTestDatabase('ledger');
  await insertMembers(database.url, 3);
  const logger = createLogger({ name: 'test', level: 'silent' });
  const pool = createPool({ url: database.url, max: 2, applicationName: 'test', logger });
  const other = await pool.connect();
  try {
    // The command takes a while to start on a busy machine.
    await other.query('SET idle_in_transaction_session_timeout = 0');
    await other.query('BEGIN');
    await other.query('LOCK TABLE program_snapshots');
    const verified = verify(database.url, '--replay', '--after', '1');
    await endWaiting(pool);
    const { exitCode, stderr } = await verified;
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      'The replay failed. Continue with: loyalty verify --replay --after 1\n' +
        "The ledger's database can't be reached.\n",
    );
  } finally {
    other.release(true);
    await pool.end();
  }
});

/** Ends the connection of the command as soon as it waits for a lock. */
async function endWaiting(pool: ReturnType<typeof createPool>): Promise<void> {
  for (;;) {
    const { rowCount } = await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'loyalty verify'
         AND wait_event_type = 'Lock'`,
    );
    if (rowCount !== 0) return;
    await setTimeout(20);
  }
}

test('a database that is away, or no ledger, can not be checked', async () => {
  const away = await verify('postgres://nobody@127.0.0.1:9/ledger');
  expect(away).toMatchObject({ exitCode: 2, stdout: '' });
  expect(away.stderr).toMatch(/^The ledger's database can't be reached\.\n/);
  database = await createTestDatabase();
  const other = await verify(database.url);
  expect(other).toMatchObject({ exitCode: 2, stdout: '' });
  expect(other.stderr).toMatch(/^The database can't be checked .*"memberships" does not exist\n$/);
});

test('says which credentials the database refuses, and where they come from', async () => {
  database = await createTestDatabase('ledger');
  const wrong = new URL(database.url);
  wrong.password = 'wrong';
  const refused = (source: string) => ({
    exitCode: 2,
    stdout: '',
    stderr: `The database refused the user or the password in ${source}, or in PGUSER and PGPASSWORD; give those of the ledger's database\n`,
  });
  expect(await verify(wrong.href)).toEqual(refused('LEDGER_DATABASE_URL'));
  expect(await run(['--database-url', wrong.href], {})).toEqual(refused('--database-url'));
});

test('names the permission that the user of NATS lacks', async () => {
  database = await createTestDatabase('ledger');
  const nats = await createTestNatsWithAccounts();
  try {
    const { exitCode, stderr } = await run([], {
      LEDGER_DATABASE_URL: database.url,
      NATS_OPERATOR_URL: nats.urlOf('producer'),
    });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      /^The NATS user in NATS_OPERATOR_URL lacks the permission to publish to "\$JS\.API\..*".*\n$/,
    );
  } finally {
    await nats.stop();
  }
});
