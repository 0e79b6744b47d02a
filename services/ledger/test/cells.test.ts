import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@loyalty/local/test-environment.ts';
import { ConfigError } from '@loyalty/platform/config.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { createKnex } from '@loyalty/platform/postgres/knex.ts';
import knexFactory from 'knex';
import { openCell } from '../src/storage/cell.ts';
import { startLedger } from '../src/wiring.ts';
import { createMember, type Setting, startSetting } from './running-ledger.ts';

const applicationName = 'test';

describe('the database of a cell', () => {
  let database: TestDatabase;
  let knex: ReturnType<typeof createKnex>;
  beforeAll(async () => {
    database = await createTestDatabase('ledger');
    knex = createKnex({ url: database.url, max: 4, applicationName });
  });
  afterAll(async () => {
    await knex.destroy();
    await database.drop();
  });

  async function ids(): Promise<readonly [membership: string, deadLetter: string]> {
    const { rows } = await knex.raw(
      `SELECT nextval('membership_ids')::text AS membership,
        nextval('dead_letters_dead_letter_id_seq')::text AS letter`,
    );
    return [rows[0].membership, rows[0].letter];
  }

  test('is that of the first ledger to draw ids, and stays it', async () => {
    expect(await openCell(knex, 0)).toBe(0);
    expect(await openCell(knex, 1_023)).toBe(1_023);
    expect(await Promise.all(Array.from({ length: 4 }, () => openCell(knex, 7)))).toEqual([
      7, 7, 7, 7,
    ]);
    expect(await ids()).toEqual(['1031', '1031']);
    expect(await openCell(knex, 7)).toBe(7);
    expect(await ids()).toEqual(['2055', '2055']);
    expect(await openCell(knex, 0)).toBe(7);
    expect(await openCell(knex, 8)).toBe(7);
    expect(await ids()).toEqual(['3079', '3079']);
  });

  test('is recognized by a process that is so busy that the server ends its transactions', async () => {
    const busy = knexFactory({
      client: 'pg',
      connection: { connectionString: database.url, idle_in_transaction_session_timeout: 20 },
      pool: { min: 0, max: 1 },
    });
    busy.on('query-response', () => {
      const untilMs = performance.now() + 200;
      while (performance.now() < untilMs);
    });
    expect(await openCell(busy, 7)).toBe(7);
    await busy.destroy();
  });
});

describe('a ledger', () => {
  let setting: Setting;
  beforeAll(async () => {
    setting = await startSetting();
  });
  afterAll(() => setting.stop());

  test('of no cell in particular draws ids of cell 0', async () => {
    await createMember(setting);
    const knex = createKnex({ url: setting.databaseUrl, max: 1, applicationName });
    const { rows } = await knex.raw('SELECT membership_id % 1024 AS cell FROM memberships');
    await knex.destroy();
    expect(rows).toEqual([{ cell: 0n }]);
  });

  test('doesn’t start with the database of another cell', async () => {
    await createMember(setting);
    const logger = createLogger({ name: 'test', level: 'silent' });
    const starting = startLedger({ ...setting.config, cell: 3 }, logger);
    await expect(starting).rejects.toThrow(ConfigError);
    await expect(starting).rejects.toThrow(
      'LEDGER_CELL is 3, but LEDGER_DATABASE_URL names the database of cell 0; set LEDGER_CELL to 0, or give another database',
    );
  });
});
