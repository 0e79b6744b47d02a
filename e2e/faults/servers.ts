// PostgreSQL and NATS as the faults need them: killed without warning, and started again where they were.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type NatsServer, startNats } from '@loyalty/local/nats-server.ts';
import { type PostgresServer, startPostgres } from '@loyalty/local/postgres-server.ts';
import { awaitCondition } from './patience.ts';

export interface FaultyServer {
  readonly port: number;
  /** Orderly, as an operator does it. */
  stop(): Promise<void>;
  /** Kills every process of it at once. */
  kill(): Promise<void>;
  /** Starts it again on the same files and port. */
  start(): Promise<void>;
}

export interface FaultyPostgres extends FaultyServer, Pick<PostgresServer, 'url' | 'passwordOf'> {
  /** As `pg_ctl stop -m immediate` does: no checkpoint, and the next start recovers from the log. */
  stopImmediately(): Promise<void>;
}

/** As durable as in production. */
export async function startFaultyPostgres(directory: string): Promise<FaultyPostgres> {
  let server: PostgresServer = await startPostgres({ directory });
  const { port, url, passwordOf } = server;
  const pid = () => pidIn(join(directory, 'data/postmaster.pid'));
  return {
    port,
    url,
    passwordOf,
    stop: () => server.stop(),
    async stopImmediately() {
      const processes = [pid(), ...childrenOf(pid())];
      process.kill(pid(), 'SIGQUIT');
      await allGone(processes);
      await server.stop();
    },
    async kill() {
      await killAll([pid(), ...childrenOf(pid())]);
      await server.stop();
    },
    async start() {
      server = await startPostgres({ directory, port });
    },
  };
}

export interface FaultyNats extends FaultyServer {
  /** Removes the files of its streams, while it isn't running. Its next start makes the streams anew. */
  loseFiles(): Promise<void>;
}

export async function startFaultyNats(directory: string): Promise<FaultyNats> {
  let server: NatsServer = await startNats({ directory });
  const port = Number(new URL(server.url).port);
  return {
    port,
    stop: () => server.stop(),
    async kill() {
      await killAll([pidIn(join(directory, 'nats.pid'))]);
      await server.stop();
    },
    loseFiles: () => rm(join(directory, 'jetstream'), { recursive: true }),
    async start() {
      server = await startNats({ directory, port });
    },
  };
}

function pidIn(file: string): number {
  return Number.parseInt(readFileSync(file, 'utf8'), 10);
}

function childrenOf(parent: number): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=']).toString().trim().split('\n');
  return lines
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid = 0, ppid]) => (ppid === parent ? [pid] : []));
}

async function killAll(pids: readonly number[]): Promise<void> {
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  await allGone(pids);
}

async function allGone(pids: readonly number[]): Promise<void> {
  await awaitCondition('the end of the server', () => pids.filter(isAlive), {
    satisfies: (alive) => alive.length === 0,
    limitMs: 20_000,
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
