// The transaction of `pgbench -N`, for machines without pgbench.
import pg from 'pg';
import type { Window } from '../row.ts';

const accountsPerScale = 100_000;

interface Target {
  url: string;
  scale: number;
}

/** Makes the two tables that the transaction touches, as `pgbench --initialize` does. */
export async function prepareSimpleUpdates({ url, scale }: Target): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(`
      DROP TABLE IF EXISTS pgbench_accounts, pgbench_history;
      CREATE TABLE pgbench_accounts (
        aid int PRIMARY KEY, bid int, abalance int, filler char(84)
      ) WITH (fillfactor = 100);
      CREATE TABLE pgbench_history (
        tid int, bid int, aid int, delta int, mtime timestamp, filler char(22)
      );
      INSERT INTO pgbench_accounts
      SELECT aid, (aid - 1) / ${accountsPerScale} + 1, 0, ''
      FROM generate_series(1, ${scale * accountsPerScale}) AS aid;
      ANALYZE pgbench_accounts`);
  } finally {
    await client.end();
  }
}

/** Returns the transactions per second after the warm-up. */
export async function runSimpleUpdates({
  url,
  scale,
  clients,
  window: { warmUpMs, measureMs },
}: Target & { clients: number; window: Window }): Promise<number> {
  const begin = performance.now() + warmUpMs;
  const end = begin + measureMs;
  let committed = 0;
  const runClient = async () => {
    const client = new pg.Client(url);
    await client.connect();
    try {
      while (performance.now() < end) {
        await updateOnce(client, scale);
        const now = performance.now();
        if (now >= begin && now < end) committed += 1;
      }
    } finally {
      await client.end();
    }
  };
  await Promise.all(Array.from({ length: clients }, runClient));
  return committed / (measureMs / 1000);
}

async function updateOnce(client: pg.Client, scale: number): Promise<void> {
  const aid = 1 + Math.floor(Math.random() * scale * accountsPerScale);
  const tid = 1 + Math.floor(Math.random() * scale * 10);
  const bid = 1 + Math.floor(Math.random() * scale);
  const delta = Math.floor(Math.random() * 10_001) - 5000;
  await client.query('BEGIN');
  await client.query({
    name: 'update',
    text: 'UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2',
    values: [delta, aid],
  });
  await client.query({
    name: 'select',
    text: 'SELECT abalance FROM pgbench_accounts WHERE aid = $1',
    values: [aid],
  });
  await client.query({
    name: 'insert',
    text: `INSERT INTO pgbench_history (tid, bid, aid, delta, mtime)
      VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP)`,
    values: [tid, bid, aid, delta],
  });
  await client.query('COMMIT');
}
