import knex, { type Knex } from 'knex';
import { timeoutsMs } from './pool.ts';
import { typeParsing } from './type-parsing.ts';

export interface KnexOptions {
  /** `postgres://user:password@host:port/database` */
  url: string;
  /** Most connections that are open at once. */
  max: number;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
}

/** Knex for ordinary queries, with the same type parsing and time-outs as `createPool`. */
export function createKnex(options: KnexOptions): Knex {
  return knex({
    client: 'pg',
    connection: {
      connectionString: options.url,
      application_name: options.applicationName,
      types: typeParsing,
      keepAlive: true,
      connectionTimeoutMillis: timeoutsMs.connect,
      lock_timeout: timeoutsMs.lock,
      statement_timeout: timeoutsMs.statement,
      idle_in_transaction_session_timeout: timeoutsMs.idleInTransaction,
      query_timeout: timeoutsMs.answer,
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max: options.max },
    acquireConnectionTimeout: timeoutsMs.connect,
    // Messages of failed queries keep their placeholders, so that no value of a member ends up in a log.
    compileSqlOnError: false,
    // Knex prints to the console what it throws as well.
    log: { error: () => undefined, warn: () => undefined },
  });
}
