import { expect } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import pg from 'pg';

/** A database transaction of somebody else, which keeps its locks until the test lets go of it. */
export async function beginElsewhere(databaseUrl: string) {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query('BEGIN');
  return {
    query: (statement: string, values: unknown[] = []) => client.query(statement, values),
    /** Resolves once one of the ledger's transactions waits for it. */
    waitedFor: () =>
      eventually(async () => {
        const { rows } = await client.query(
          'SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))',
        );
        expect(rows).not.toEqual([]);
      }),
    end: () => client.end(),
  };
}
