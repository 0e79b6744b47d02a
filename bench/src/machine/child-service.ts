import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '@loyalty/local/free-port.ts';
import { root as ownRoot } from '@loyalty/local/settings.ts';
import type { BenchMachine } from './bench-machine.ts';
import { type ProbedProcess, probeArgs, probedProcess } from './probed-process.ts';

/** A service under load, in a process of its own. */
export interface ChildService extends ProbedProcess {
  /** `host:port` of its gRPC port. */
  readonly address: string;
  /** `host:port` of its HTTP port. */
  readonly httpAddress: string;
  /** Ends it before the run does. */
  stop(): Promise<void>;
}

export interface ChildServiceOptions {
  name: string;
  /** The main file, from the project's top. */
  main: string;
  /** The project's top; by default of the project that measures. */
  root?: string;
  /** Its gRPC port, if others need to know it in advance; a free one by default. */
  grpcPort?: number;
  /** Told the ports that the service is to listen on. */
  settings: (ports: { grpcPort: number; httpPort: number; managementPort: number | undefined }) => {
    env?: Record<string, string>;
    args?: readonly string[];
  };
}

export const host = '127.0.0.1';
const readyPatienceMs = 30_000;
const stopPatienceMs = 20_000;

/** Starts a service of the project as `npm start` would, and waits until it is ready. It ends with `machine.resources`. */
export async function startChildService(
  machine: BenchMachine,
  options: ChildServiceOptions,
): Promise<ChildService> {
  const { name, main, root = ownRoot, settings } = options;
  const grpcPort = options.grpcPort ?? (await freePort());
  const httpPort = await freePort();
  // A revision from before there was a management port has its probes at the HTTP port, and refuses the setting.
  const managementPort = existsSync(join(root, 'platform/src/management-port.ts'))
    ? await freePort()
    : undefined;
  const probesPort = managementPort ?? httpPort;
  const { env = {}, args = [] } = settings({ grpcPort, httpPort, managementPort });
  const logFile = join(machine.directory, `${name}.log`);
  // Lines go straight to a file: reading them here would take CPU time from what is measured.
  const log = openSync(logFile, 'w');
  const child = spawn(process.execPath, [...probeArgs, join(root, main), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    // The channel of the probe ends the service when this process ends, however it ends.
    stdio: ['ignore', log, log, 'ipc'],
    // A terminal's Ctrl-C must not end the service before those who use it.
    detached: true,
  });
  closeSync(log);
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    const impatience = setTimeout(() => child.kill('SIGKILL'), stopPatienceMs);
    await exited;
    clearTimeout(impatience);
  };
  machine.resources.defer(stop);
  const patience = AbortSignal.timeout(readyPatienceMs);
  while (!(await isReady(probesPort))) {
    if (child.exitCode !== null || child.signalCode !== null || patience.aborted) {
      throw new Error(`${name} didn't become ready. Its last lines:\n${lastLines(logFile)}`);
    }
    await delay(50);
  }
  return {
    address: `${host}:${grpcPort}`,
    httpAddress: `${host}:${httpPort}`,
    ...probedProcess(child),
    stop,
  };
}

async function isReady(managementPort: number): Promise<boolean> {
  try {
    const response = await fetch(`http://${host}:${managementPort}/readyz`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function lastLines(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
}
