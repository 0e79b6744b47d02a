import type { Instant } from '@loyalty/rules/instant.ts';
import type { Pool } from 'pg';

/** The time by PostgreSQL's clock, to the millisecond. */
export async function databaseTime(pool: Pick<Pool, 'query'>): Promise<Instant> {
  const { rows } = await pool.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  const [row] = rows;
  if (row === undefined) throw new Error('the database has not said what time it is');
  return row.now.getTime();
}
