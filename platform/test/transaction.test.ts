import { createServer, type Socket, connect as tcpConnect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@loyalty/local/test-environment.ts';
import type { Knex } from 'knex';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { createKnex } from '../src/postgres/knex.ts';
import { createPool } from '../src/postgres/pool.ts';
import { classify, constraintOf } from '../src/postgres/sqlstate.ts';
import { TransactionRolledBack, transaction } from '../src/postgres/transaction.ts';

const logger = pino({ level: 'silent' });
const applicationName = 'transaction test';

let database: TestDatabase;
let pool: Pool;
let knex: Knex;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ url: database.url, max: 2, applicationName, logger });
  knex = createKnex({ url: database.url, max: 2, applicationName });
  await pool.query(
    'CREATE TABLE points (id bigint CONSTRAINT points_pkey PRIMARY KEY, note text, history bigint[])',
  );
});
afterAll(async () => {
  await pool.end();
  await knex.destroy();
  await database.drop();
});
beforeEach(async () => {
  await pool.query('TRUNCATE points');
});

async function ids(): Promise<bigint[]> {
  const { rows } = await pool.query<{ id: bigint }>('SELECT id FROM points ORDER BY id');
  return rows.map(({ id }) => id);
}

const insert = (id: number) => ({
  name: 'insert',
  text: 'INSERT INTO points (id) VALUES ($1)',
  values: [id],
});

describe('amounts', () => {
  const large = 9_007_199_254_740_993n;

  test('beyond 2^53 come back exact from the pool and from knex', async () => {
    await pool.query('INSERT INTO points VALUES ($1, $2, $3)', [large, 'x', [large, null, -1n]]);
    const expected = { id: large, history: [large, null, -1n] };
    const { rows } = await pool.query('SELECT id, history FROM points');
    expect(rows[0]).toEqual(expected);
    expect(await knex('points').first('id', 'history')).toEqual(expected);
  });
});

describe('a transaction', () => {
  test('keeps everything when its statements are sent together', async () => {
    const result = await transaction(pool, async (tx) => {
      const all = [1, 2, 3].map((id) => tx.query(insert(id)));
      tx.commit();
      return (await Promise.all(all)).length;
    });
    expect(result).toBe(3);
    expect(await ids()).toEqual([1n, 2n, 3n]);
  });

  test('keeps nothing when one of the statements fails, although COMMIT was sent already', async () => {
    const failing = transaction(pool, async (tx) => {
      const all = [1, 1, 2].map((id) => tx.query(insert(id)));
      tx.commit();
      await Promise.all(all);
    });
    await expect(failing).rejects.toMatchObject({ code: '23505' });
    const error = await failing.catch((reason: unknown) => reason);
    expect(classify(error)).toBe('integrity');
    expect(constraintOf(error)).toBe('points_pkey');
    expect(await ids()).toEqual([]);
  });

  test('that ignored the error of a statement does not pass for committed', async () => {
    const ignoring = transaction(pool, async (tx) => {
      await Promise.allSettled([tx.query(insert(1)), tx.query('SELECT 1/0')]);
    });
    await expect(ignoring).rejects.toThrow(TransactionRolledBack);
    await expect(ignoring).rejects.toMatchObject({ cause: { code: '22012' } });
    expect(await ids()).toEqual([]);
  });

  test('is undone when the work fails for a reason of its own, and leaves a usable connection', async () => {
    const small = createPool({ url: database.url, max: 1, applicationName, logger });
    const failing = transaction(small, async (tx) => {
      await tx.query(insert(1));
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    const { rows } = await small.query('SELECT pg_current_xact_id_if_assigned() AS xact');
    expect(rows).toEqual([{ xact: null }]);
    expect(small.totalCount).toBe(1);
    expect(await ids()).toEqual([]);
    await small.end();
  });

  test('that fails while other statements are under way does not bring the process down', async () => {
    const failing = transaction(pool, async (tx) => {
      const [first, second] = [tx.query('SELECT 1/0'), tx.query(insert(1))];
      await first;
      await second;
    });
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    expect(await ids()).toEqual([]);
  });

  test('tells what went wrong, and not that what was sent behind it was ignored', async () => {
    const failing = transaction(pool, async (tx) => {
      const [first, second] = [tx.query('SELECT 1/0'), tx.query(insert(1))];
      await second;
      await first;
    });
    await expect(failing).rejects.toMatchObject({ code: '22012' });
  });

  test('can not be written to after its commit', async () => {
    const late = transaction(pool, async (tx) => {
      tx.commit();
      await tx.query(insert(1));
    });
    await expect(late).rejects.toThrow('after commit()');
    expect(await ids()).toEqual([]);
  });

  test('whose server goes away is unavailable, and the next one gets a fresh connection', async () => {
    const killed = transaction(pool, async (tx) => {
      await tx.query(insert(1));
      await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
    });
    const error = await killed.catch((reason: unknown) => reason);
    expect(classify(error)).toBe('unavailable');
    await transaction(pool, async (tx) => tx.query(insert(2)));
    expect(await ids()).toEqual([2n]);
  });

  test('of which the answer to COMMIT is lost is unavailable, not failed', async () => {
    const proxy = await lossyProxy(database.url);
    const through = createPool({ url: proxy.url, max: 1, applicationName, logger });
    const lost = transaction(through, async (tx) => {
      await tx.query(insert(1));
      proxy.dropAnswers();
    });
    const error = await lost.catch((reason: unknown) => reason);
    expect(classify(error)).toBe('unavailable');
    expect(await ids()).toEqual([1n]);
    await through.end();
    await proxy.close();
  });

  test('that waits too long for a lock may be tried again', async () => {
    await pool.query(insert(1));
    const update = 'UPDATE points SET note = $1 WHERE id = 1';
    await transaction(pool, async (holder) => {
      await holder.query(update, ['first']);
      const waiting = transaction(pool, async (tx) => {
        await tx.query("SET LOCAL lock_timeout = '50ms'");
        await tx.query(update, ['second']);
      });
      const error = await waiting.catch((reason: unknown) => reason);
      expect(classify(error)).toBe('locked');
    });
  });
});

describe('a database that is away', () => {
  test('is unavailable through the pool and through knex', async () => {
    const url = 'postgres://nobody@127.0.0.1:1/nothing';
    const absent = createPool({ url, max: 1, applicationName, logger });
    const absentKnex = createKnex({ url, max: 1, applicationName });
    const pooled = await transaction(absent, async () => 'never').catch((error: unknown) => error);
    const raw = await absentKnex.raw('SELECT 1').catch((error: unknown) => error);
    expect([classify(pooled), classify(raw)]).toEqual(['unavailable', 'unavailable']);
    await absent.end();
    await absentKnex.destroy();
  });

  test('that ends idle connections is noticed without a crash', async () => {
    const lost: unknown[] = [];
    const warn = (details: unknown) => void lost.push(details);
    const watched = createPool({ url: database.url, max: 1, applicationName, logger: { warn } });
    const { rows } = await watched.query('SELECT pg_backend_pid() AS pid');
    const gone = new Promise((resolve) => watched.once('error', resolve));
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await gone;
    expect(lost).toHaveLength(1);
    expect((await watched.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await watched.end();
  });
});

test('a failed query of knex does not spell out the values', async () => {
  await knex('points').insert({ id: 1, note: 'alice' });
  const failing = knex('points').insert({ id: 1, note: 'alice' });
  await expect(failing).rejects.toThrow(/duplicate key/);
  await expect(failing).rejects.not.toThrow(/alice/);
});

/** Passes everything on, until it is told to cut the connection instead of passing on an answer. */
async function lossyProxy(target: string) {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let dropping = false;
  const server = createServer((client) => {
    const upstream = tcpConnect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    client.on('data', (data) => upstream.write(data));
    upstream.on('data', (data) => (dropping ? client.destroy() : client.write(data)));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as { port: number };
  const url = new URL(target);
  url.port = String(address.port);
  return {
    url: url.href,
    dropAnswers: () => {
      dropping = true;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
