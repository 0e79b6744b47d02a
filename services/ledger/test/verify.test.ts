import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { execute } from '@loyalty/local/test-environment.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import { withRole } from '@loyalty/platform/postgres/role.ts';
import pg, { type Pool } from 'pg';
import { applicationRole } from '../src/storage/application-role.ts';
import { sqlInvariants } from '../src/verify/invariants.ts';
import { verifyLedger } from '../src/verify/verify-ledger.ts';
import { breakages } from './breakages.ts';
import { startBusyLedger } from './busy-ledger.ts';

const quiet = createLogger({ name: 'test', level: 'silent' });

let busy: Awaited<ReturnType<typeof startBusyLedger>>;
/** A copy of the busy ledger's database, for one test to break. */
let ledger: { url: string; pool: Pool };
beforeAll(async () => {
  busy = await startBusyLedger();
});
afterAll(() => busy.stop());

function inDatabase(name: string): string {
  const url = new URL(busy.databaseUrl);
  url.pathname = name;
  return url.href;
}

describe('verifying a ledger', () => {
  beforeEach(async () => {
    const original = new URL(busy.databaseUrl).pathname.slice(1);
    const name = `${original}_${randomUUID().slice(0, 8)}`;
    await execute(
      inDatabase('postgres'),
      // Only a database that nobody uses can be copied.
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${original}'`,
    );
    await execute(inDatabase('postgres'), `CREATE DATABASE "${name}" TEMPLATE "${original}"`);
    const url = inDatabase(name);
    const asService = withRole(url, applicationRole);
    ledger = {
      url,
      pool: createPool({ url: asService, max: 2, applicationName: 'test', logger: quiet }),
    };
  });
  afterEach(async () => {
    await ledger.pool.end();
    const name = new URL(ledger.url).pathname.slice(1);
    await execute(inDatabase('postgres'), `DROP DATABASE "${name}"`);
  });

  test('finds nothing wrong with one that was used as it should be', async () => {
    expect(await verifyLedger(ledger.pool)).toEqual([]);
  });

  test.each(breakages)('notices $broken', async ({ sql, noticed, offender }) => {
    await execute(ledger.url, sql);
    const violations = await verifyLedger(ledger.pool);
    expect(violations.map(({ id, name }) => `${id} ${name}`)).toEqual(noticed);
    expect(violations[0]?.offenders[0]).toMatch(offender);
  });

  test('knows a way to break each invariant', () => {
    const tried = new Set(breakages.flatMap(({ noticed }) => noticed));
    expect(sqlInvariants.filter(({ id, name }) => !tried.has(`${id} ${name}`))).toEqual([]);
  });

  test('counts all offenders and names twenty of them', async () => {
    await execute(
      ledger.url,
      `INSERT INTO reward_stock SELECT 'wine-dine', 'reward-' || n, 1 FROM generate_series(1, 30) AS n`,
    );
    const [violation] = await verifyLedger(ledger.pool);
    expect(violation).toMatchObject({ id: 'I8', name: 'stock', count: 30 });
    expect(violation?.offenders).toHaveLength(20);
  });

  test('waits for nobody, and sees nothing half done', async () => {
    const writer = new pg.Client(ledger.url);
    await writer.connect();
    await writer.query('BEGIN; UPDATE memberships SET pending = 1; DELETE FROM entries');
    expect(await verifyLedger(ledger.pool)).toEqual([]);
    await writer.end();
  });
});

describe("the service's own connections", () => {
  test.each([
    'UPDATE entries SET reason = NULL',
    'DELETE FROM entries',
    'TRUNCATE entries',
    'UPDATE allocations SET points = 0',
    'DELETE FROM allocations',
    'TRUNCATE allocations',
    'DELETE FROM memberships',
    'DELETE FROM earns',
    'ALTER TABLE entries DISABLE TRIGGER ALL',
    'DROP TABLE entries',
  ])('may not %s', async (sql) => {
    await expect(busy.pool.query(sql)).rejects.toMatchObject({ code: '42501' });
  });
});
