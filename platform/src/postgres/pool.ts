import { Pool } from 'pg';
import type { Logger } from '../logging.ts';
import { typeParsing } from './type-parsing.ts';

/** Limits that keep a stuck peer, on either side, from holding locks or connections forever. In milliseconds. */
export const timeoutsMs = {
  connect: 5_000,
  lock: 5_000,
  statement: 15_000,
  /** After it the server frees the locks of a process that was stopped in the middle of a transaction. */
  idleInTransaction: 2_500,
  /** The client's own limit, for a server or network that doesn't respond at all. */
  answer: 20_000,
} as const;

export interface PoolOptions {
  /** `postgres://user:password@host:port/database` */
  url: string;
  /** Most connections that are open at once. */
  max: number;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  /** How long a statement waits for a lock. */
  lockTimeoutMs?: number;
  logger: Pick<Logger, 'warn'>;
}

/**
 * A pool for the hot path: its clients send a query without waiting for the result of the one before
 * (pipelining), and int8 and int8[] are read as bigint.
 */
export function createPool(options: PoolOptions): Pool {
  const pool = new Pool({
    connectionString: options.url,
    max: options.max,
    application_name: options.applicationName,
    pipeline: true,
    types: typeParsing,
    keepAlive: true,
    idleTimeoutMillis: 60_000,
    // Lets connections spread again after a failover or behind a balancer.
    maxLifetimeSeconds: 30 * 60,
    connectionTimeoutMillis: timeoutsMs.connect,
    lock_timeout: options.lockTimeoutMs ?? timeoutsMs.lock,
    statement_timeout: timeoutsMs.statement,
    idle_in_transaction_session_timeout: timeoutsMs.idleInTransaction,
    query_timeout: timeoutsMs.answer,
  });
  // An idle client that loses its server reports it here; without a listener the process would die of it.
  pool.on('error', (error) => options.logger.warn({ err: error }, 'idle database connection lost'));
  return pool;
}
