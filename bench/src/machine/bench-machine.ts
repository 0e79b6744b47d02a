import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PostgresServer, startPostgres } from '@loyalty/local/postgres-server.ts';
import { execute } from '@loyalty/local/test-environment.ts';
import { mintToken } from '@loyalty/platform/auth/mint.ts';
import type { Role } from '@loyalty/platform/auth/tokens.ts';
import pg from 'pg';
import { scalar } from '../scalar.ts';
import { parentOf, processorSeconds } from './processor-time.ts';

/** What all rows of a run share: servers with empty data, which are removed afterwards. */
export interface BenchMachine {
  /** For data and logs; removed at the end of the run. */
  readonly directory: string;
  readonly postgres: PostgresServer;
  readonly tokens: TokenSettings;
  token(role: Role): Promise<string>;
  /**
   * The CPU time that PostgreSQL has taken, in seconds: of all its processes, also of those that have ended.
   * Undefined on a system that doesn't report it.
   */
  postgresSeconds(): Promise<number | undefined>;
  /** The statements that PostgreSQL has executed, and the bytes that it has written to its log, since its start. */
  postgresWork(): Promise<PostgresWork>;
  /** Writes pages that preparations left dirty to disk, so that no measurement pays for it. */
  checkpoint(): Promise<void>;
  /** What has to be stopped at the end, the newest first. */
  readonly resources: AsyncDisposableStack;
}

export interface PostgresWork {
  /** As counted by pg_stat_statements. */
  readonly statements: number;
  readonly walBytes: number;
}

export interface TokenSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly secret: string;
}

/** Starts PostgreSQL, as durable as in production. Everything ends with `resources`. */
export async function startBenchMachine(resources: AsyncDisposableStack): Promise<BenchMachine> {
  const directory = await mkdtemp(join(await diskFolder(), 'loyalty-bench-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
  // PostgreSQL may run under another account, which must come through.
  await chmod(directory, 0o711);
  const postgres = await startCountingPostgres(join(directory, 'postgres'));
  resources.defer(() => postgres.stop());
  const serverUrl = postgres.url('postgres');
  // Or one contestant would pay for the checkpoint that another one has caused.
  await execute(serverUrl, "ALTER SYSTEM SET max_wal_size = '16GB'");
  await execute(serverUrl, "ALTER SYSTEM SET checkpoint_timeout = '1h'");
  await execute(serverUrl, 'SELECT pg_reload_conf()');
  // All of PostgreSQL's processes are children of one.
  const child = await scalar(
    serverUrl,
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'",
  );
  const server = await parentOf(child);
  const counters = new pg.Client(serverUrl);
  // What ends it is the server's stop.
  counters.on('error', () => undefined);
  await counters.connect();
  resources.defer(() => counters.end());
  const tokens = {
    issuer: 'loyalty-bench',
    audience: 'loyalty',
    secret: randomBytes(32).toString('hex'),
  };
  return {
    directory,
    postgres,
    tokens,
    token: (role) =>
      mintToken({ ...tokens, subject: `bench-${role}`, roles: [role], lifetimeSeconds: 86_400 }),
    postgresSeconds: async () => server && (await processorSeconds(server)),
    postgresWork: () => readWork(counters),
    checkpoint: () => execute(serverUrl, 'CHECKPOINT'),
    resources,
  };
}

/** Starts PostgreSQL with its extension that counts statements, which is loaded only at a start. */
async function startCountingPostgres(directory: string): Promise<PostgresServer> {
  const first = await startPostgres({ directory });
  try {
    await execute(
      first.url('postgres'),
      "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'",
    );
  } finally {
    await first.stop();
  }
  const postgres = await startPostgres({ directory });
  await execute(postgres.url('postgres'), 'CREATE EXTENSION pg_stat_statements');
  return postgres;
}

async function readWork(counters: pg.Client): Promise<PostgresWork> {
  const { rows } = await counters.query<{ statements: string; wal_bytes: string }>(`
    SELECT (SELECT sum(calls) FROM pg_stat_statements(false)) AS statements,
      pg_current_wal_insert_lsn() - '0/0' AS wal_bytes`);
  return { statements: Number(rows[0]?.statements), walBytes: Number(rows[0]?.wal_bytes) };
}

const tmpfsType = 0x01021994;

/** A folder for temporary files on a disk: in memory, a commit would cost nothing. */
async function diskFolder(): Promise<string> {
  for (const folder of [tmpdir(), '/var/tmp']) {
    const { type } = await statfs(folder);
    if (type !== tmpfsType) return folder;
  }
  throw new Error('All folders for temporary files are in memory: set TMPDIR to one on a disk.');
}
