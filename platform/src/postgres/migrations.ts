import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import knexFactory, { type Knex } from 'knex';
import pg from 'pg';
import { ConfigError } from '../config.ts';

/** Identifies the lock of migrations among a database's advisory locks; any number will do, as long as it stays. */
const advisoryLock = 4_827_193_106;

const insufficientPrivilege = '42501';

/** A migration gives up if others keep a lock that it needs, instead of making all their queries wait behind it. */
const lockTimeoutMs = 10_000;

// What pg and knex say of a server that takes the connection and then nothing comes.
const unansweredMessages = /^(Knex: Timeout acquiring a connection|timeout expired)/;

/**
 * Brings the database to the newest of the `.sql` files of a directory (forward only, in the order of their
 * names, each in a transaction of its own), and returns the names of those applied. Replicas that start at
 * once take turns; all but the first find nothing to do.
 *
 * @param setting what names the database in the process's configuration; for messages only
 * @throws {ConfigError} when the database was migrated by another release, which knows more, or when its login may not do
 * what a migration does
 */
export async function migrate(
  knex: Knex,
  directory: string,
  setting = 'DATABASE_URL',
): Promise<string[]> {
  const files = await migrationFiles(directory);
  const session = await singleSession(knex, setting);
  try {
    refuseNewer(await appliedMigrations(session), files);
    // One at a time, because knex would put all of `latest` into one transaction. Its own lock is part of that
    // transaction too, so that a killed process can't leave it behind.
    const applied: string[] = [];
    for (const _ of files) {
      const [, names] = (await session.migrate.up({
        migrationSource: source(directory, files),
      })) as [number, string[]];
      if (names.length === 0) break;
      applied.push(...names);
    }
    return applied;
  } finally {
    await session.destroy();
  }
}

/**
 * Knex over one connection that holds the advisory lock until it ends, by whatever cause. Knex's lock alone isn't
 * enough: it begins after the tables that it is kept in are created, and that fails when two do it at once.
 */
async function singleSession(knex: Knex, setting: string): Promise<Knex> {
  const { config } = knex.client as { config: Knex.Config };
  const session = knexFactory({
    ...config,
    // A migration takes as long as it takes, and so does waiting for another replica's.
    connection: { ...(config.connection as Knex.PgConnectionConfig), query_timeout: 0 },
    pool: { min: 1, max: 1, idleTimeoutMillis: 2 ** 31 - 1 },
  });
  try {
    await session.raw(`
      SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;
      -- Ends a running statement soon after its client was killed, so that the next one need not wait for it.
      SET client_connection_check_interval = 500;
      SELECT pg_advisory_lock(${advisoryLock});
      SET lock_timeout = ${lockTimeoutMs};
    `);
    return session;
  } catch (error) {
    await session.destroy();
    throw unansweredError(error, { config, setting }) ?? error;
  }
}

/** Knex takes a database that doesn't answer for a pool that is full. */
function unansweredError(
  error: unknown,
  { config, setting }: { config: Knex.Config; setting: string },
): Error | undefined {
  if (!(Error.isError(error) && unansweredMessages.test(error.message))) return undefined;
  const { connectionString = '' } = config.connection as Knex.PgConnectionConfig;
  // Of the URL, which has a password, the server alone.
  const host = URL.parse(connectionString)?.host;
  const seconds = (config.acquireConnectionTimeout ?? 0) / 1000;
  return new Error(
    `the database that ${setting} names${host ? ` (at ${host})` : ''} didn't answer within ${seconds} s; look whether PostgreSQL runs there and isn't stopped or overloaded`,
  );
}

async function migrationFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names.filter((name) => name.endsWith('.sql')).toSorted();
}

async function appliedMigrations(knex: Knex): Promise<string[]> {
  if (!(await knex.schema.hasTable('knex_migrations'))) return [];
  const rows = await knex('knex_migrations').select<{ name: string }[]>('name').orderBy('name');
  return rows.map(({ name }) => name);
}

function refuseNewer(applied: readonly string[], files: readonly string[]): void {
  const unknown = applied.filter((name) => !files.includes(name));
  if (unknown.length > 0) {
    throw new ConfigError(
      `the database was migrated by another release (${unknown.join(', ')} unknown here, newest known: ${files.at(-1) ?? 'none'}): run that release or a later one`,
    );
  }
}

function source(directory: string, names: readonly string[]): Knex.MigrationSource<string> {
  return {
    getMigrations: async () => [...names],
    getMigrationName: (name) => name,
    getMigration: async (name) => {
      const sql = await readFile(join(directory, name), 'utf8');
      return {
        async up(knex) {
          try {
            // Knex takes a bare ? for a binding.
            await knex.raw(sql.replaceAll('?', String.raw`\?`));
          } catch (error) {
            throw migrationError(error, { name, sql });
          }
        },
        down: async () => {
          throw new Error(`${name}: migrations only go forward`);
        },
      };
    },
  };
}

function migrationError(error: unknown, { name, sql }: { name: string; sql: string }): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  // Knex puts the whole file in front of the message.
  const message = `${name}: ${error.message.replace(`${sql} - `, '')}`;
  // An administrator has to do once what the login isn't allowed to; a restart won't help.
  if (error.code === insufficientPrivilege) {
    return new ConfigError(error.hint === undefined ? message : `${message}. ${error.hint}`);
  }
  return new Error(message, { cause: error });
}
