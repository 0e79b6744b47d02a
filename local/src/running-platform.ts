// A platform as npm start runs it: real processes, on free ports, with a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { unusedPort } from './free-port.ts';
import { root } from './settings.ts';

/** What a client of a platform needs to know; JSON keeps it whole. */
export interface Platform {
  /** What `.local/env` has for those who use the platform. */
  readonly env: Readonly<Record<string, string>>;
  /** URLs of the Connect ports. */
  readonly programsHttp: string;
  readonly ledgerHttp: string;
  readonly webhooksHttp: string;
  /** The folder in which `. .local/env` works. */
  readonly directory: string;
}

export interface RunningPlatform extends Platform {
  /** What it has printed so far. */
  output(): string;
  /** Asks it to end, and resolves with its exit code. */
  stop(): Promise<number | null>;
  /** Kills every process that it consists of, at once. */
  killAll(): Promise<void>;
  /** Kills the process of a service. */
  killService(main: string): void;
  /** The process of a service, by its main file. */
  pidOf(main: string): number;
}

/** The folder in which a platform keeps its data, and the ports that it listens on. They outlive its processes. */
export interface PlatformHome {
  readonly directory: string;
  readonly settings: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

export async function createPlatformHome(): Promise<PlatformHome> {
  // A name with a space, which shells and URLs trip over.
  const top = await mkdtemp(join(tmpdir(), 'loyalty e2e '));
  // As open as a home: PostgreSQL's files in a private folder would be kept elsewhere, and left behind.
  await chmod(top, 0o711);
  const directory = join(top, '.local');
  return {
    directory,
    settings: {
      LOYALTY_LOCAL_DIRECTORY: directory,
      LOYALTY_LOCAL_GATEWAY_PORT: String(await unusedPort()),
      LOYALTY_LOCAL_GATEWAY_MANAGEMENT_PORT: String(await unusedPort()),
      LOYALTY_LOCAL_PROGRAMS_GRPC_PORT: String(await unusedPort()),
      LOYALTY_LOCAL_PROGRAMS_HTTP_PORT: String(await unusedPort()),
      LOYALTY_LOCAL_PROGRAMS_MANAGEMENT_PORT: String(await unusedPort()),
      LOYALTY_LOCAL_LEDGER_GRPC_PORT: String(await unusedPort()),
      LOYALTY_LOCAL_LEDGER_HTTP_PORT: String(await unusedPort()),
      LOYALTY_LOCAL_LEDGER_MANAGEMENT_PORT: String(await unusedPort()),
      LOYALTY_LOCAL_WEBHOOKS_GRPC_PORT: String(await unusedPort()),
      LOYALTY_LOCAL_WEBHOOKS_HTTP_PORT: String(await unusedPort()),
      LOYALTY_LOCAL_WEBHOOKS_MANAGEMENT_PORT: String(await unusedPort()),
    },
    remove: () => rm(top, { recursive: true, force: true }),
  };
}

/** Runs `npm start`'s main file, and rejects with what it printed when it ends before it is ready. */
export async function startPlatform(
  home: PlatformHome,
  args: readonly string[] = [],
): Promise<RunningPlatform> {
  const { settings, directory } = home;
  const child = spawn(process.execPath, [join(root, 'local/src/main.ts'), ...args], {
    cwd: root,
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const printed = await untilReady(child, exited);
  const env = parseEnv(readFileSync(join(directory, 'env'), 'utf8')) as Record<string, string>;
  const pidOf = (main: string) => {
    const found = descendants(child.pid ?? 0).find((pid) => commandLine(pid).includes(main));
    if (found === undefined) throw new Error(`There is no process of ${main}`);
    return found;
  };
  return {
    env,
    directory: join(directory, '..'),
    programsHttp: `http://127.0.0.1:${settings['LOYALTY_LOCAL_PROGRAMS_HTTP_PORT']}`,
    ledgerHttp: `http://127.0.0.1:${settings['LOYALTY_LOCAL_LEDGER_HTTP_PORT']}`,
    webhooksHttp: `http://127.0.0.1:${settings['LOYALTY_LOCAL_WEBHOOKS_HTTP_PORT']}`,
    output: () => printed.join(''),
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
    async killAll() {
      for (const pid of [child.pid ?? 0, ...descendants(child.pid ?? 0)]) kill(pid);
      await exited;
    },
    killService: (main) => kill(pidOf(main)),
    pidOf,
  };
}

/**
 * Starts it and kills it after a time, ready or not: its process group, as when a terminal is closed, or every process
 * that it consists of.
 */
export async function killStart(
  home: PlatformHome,
  { afterMs, victims }: { afterMs: number; victims: 'group' | 'all' },
): Promise<void> {
  const child = spawn(process.execPath, [join(root, 'local/src/main.ts')], {
    cwd: root,
    env: { ...process.env, ...home.settings },
    stdio: 'ignore',
    detached: true,
  });
  const exited = new Promise((resolve) => child.once('close', resolve));
  await Promise.race([exited, delay(afterMs)]);
  const pid = child.pid ?? 0;
  const others = victims === 'all' ? descendants(pid) : [];
  for (const victim of [-pid, ...others]) kill(victim);
  await exited;
}

async function untilReady(child: ChildProcess, exited: Promise<unknown>): Promise<string[]> {
  const printed: string[] = [];
  const ready = new Promise<void>((resolve) => {
    const take = (chunk: string) => {
      printed.push(chunk);
      if (printed.join('').includes('\nReady in ')) resolve();
    };
    child.stdout?.setEncoding('utf8').on('data', take);
    child.stderr?.setEncoding('utf8').on('data', take);
  });
  await Promise.race([
    ready,
    exited.then((code) => {
      throw new Error(`npm start ended with exit code ${String(code)}:\n${printed.join('')}`);
    }),
  ]);
  return printed;
}

/** Its children, their children and so on, as Linux lists them. */
function descendants(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(file)) return [];
  const children = readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** Empty for a process that has ended meanwhile. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended with its parent.
  }
}
