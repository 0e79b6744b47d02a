import type { Pool, QueryConfig, QueryResultRow } from 'pg';
import { translated } from './storage-errors.ts';

/** Sends a statement that locks nothing, and returns its rows. */
export type Read = <Row extends QueryResultRow>(query: QueryConfig) => Promise<Row[]>;

export function createRead(pool: Pool): Read {
  return async <Row extends QueryResultRow>(query: QueryConfig) =>
    (await translated(pool.query<Row>(query))).rows;
}
