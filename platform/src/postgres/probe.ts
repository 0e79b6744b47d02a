import { Pool } from 'pg';

export interface DatabaseProbe {
  /** Rejects if the database doesn't execute a statement within 1.2 s. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** The most that each of the two steps, connecting and asking, may take. */
const stepMsMax = 600;

/**
 * Asks whether the database works, on a connection of its own: in a pool it would wait behind calls, and a busy replica
 * that says it isn't ready only makes the others busier.
 */
export function createDatabaseProbe(options: {
  url: string;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
}): DatabaseProbe {
  const pool = new Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: 1,
    keepAlive: true,
    idleTimeoutMillis: 60_000,
    connectionTimeoutMillis: stepMsMax,
    query_timeout: stepMsMax,
    statement_timeout: stepMsMax,
  });
  // The next check says what the loss of an idle connection means.
  pool.on('error', () => undefined);
  return {
    async check() {
      await pool.query('select 1');
    },
    close: () => pool.end(),
  };
}
