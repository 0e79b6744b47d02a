import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceLog } from './service-log.ts';
import { root } from './settings.ts';
import { StartRefused } from './start-refused.ts';

export interface ServiceProcess {
  /** Resolves when the service says that it is ready. */
  ready(): Promise<void>;
  /** Rejects when the service can't be kept running. */
  readonly failed: Promise<never>;
  /** Ends it, after the calls that it is serving. */
  stop(): Promise<void>;
  kill(): void;
}

export interface ServiceProcessOptions {
  name: string;
  /** The service's main file, from the project's top. */
  main: string;
  env: Readonly<Record<string, string>>;
  /** Returns 200 on /readyz when the service is ready. */
  managementPort: number;
  log: ServiceLog;
  print: (line: string) => void;
}

const readyPollMs = 50;
const readyPatienceMs = 30_000;
const stopPatienceMs = 15_000;
/** The services of a run that was killed end a moment later, and one that was starting may have taken its ports before. */
const portPatienceMs = 15_000;
const portRetryMs = 500;
const restartsMax = 5;
const restartWindowMs = 60_000;

/** Runs a service, and restarts it when it exits by itself, unless it was never ready or exits too often. */
export function startService(options: ServiceProcessOptions): ServiceProcess {
  const { name, log, print } = options;
  const failure = Promise.withResolvers<never>();
  // It may reject before anything listens.
  failure.promise.catch(() => undefined);
  const endsMs: number[] = [];
  const firstStartMs = performance.now();
  let isStopping = false;
  let wasReady = false;
  let child = start();

  function start(): ChildProcess {
    const started = spawnService(options);
    started.once('error', failure.reject);
    // Unlike 'exit', it comes when the last lines have been read.
    started.once('close', (code, signal) => {
      if (isStopping) return;
      if (isPortTaken()) setTimeout(startAgain, portRetryMs);
      else restart(signal ?? `exit code ${code}`);
    });
    return started;
  }

  /** Whether it couldn't listen, and what has its port may be about to end. */
  function isPortTaken(): boolean {
    const inTime = performance.now() - firstStartMs < portPatienceMs;
    return !wasReady && inTime && log.lastLines().includes('EADDRINUSE');
  }

  function startAgain(): void {
    if (!isStopping) child = start();
  }

  function restart(end: string): void {
    const now = performance.now();
    endsMs.push(now);
    const isTooMuch = endsMs.filter((at) => now - at < restartWindowMs).length > restartsMax;
    if (!wasReady || isTooMuch) {
      const what = wasReady ? `keeps exiting (${end})` : `failed to start (${end})`;
      failure.reject(startFailure(what, options));
      return;
    }
    print(`${name} exited (${end}) and is restarted.`);
    log.setVisible(false);
    child = start();
    void ready().then(() => {
      if (!isStopping) print(`${name} is ready again.`);
    }, failure.reject);
  }

  async function ready(): Promise<void> {
    const patience = AbortSignal.timeout(readyPatienceMs);
    while (!(await isReady(options.managementPort))) {
      if (isStopping) return;
      if (patience.aborted) {
        throw startFailure(`is not ready after ${readyPatienceMs / 1000} s`, options);
      }
      await delay(readyPollMs);
    }
    wasReady = true;
    log.setVisible(true);
  }

  const kill = () => child.kill('SIGKILL');
  return {
    failed: failure.promise,
    ready: () => Promise.race([ready(), failure.promise]),
    async stop() {
      isStopping = true;
      log.setVisible(false);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      const impatience = setTimeout(kill, stopPatienceMs);
      await closed;
      clearTimeout(impatience);
    },
    kill,
  };
}

function spawnService({ main, env, log }: ServiceProcessOptions): ChildProcess {
  const child = spawn(process.execPath, [resolve(root, main)], {
    cwd: root,
    env: { ...process.env, ...env },
    // The channel ends the service when this process ends, however it ends.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A terminal's Ctrl-C reaches this process alone, which ends the services in their order.
    detached: true,
  });
  if (child.stdout) log.follow(child.stdout);
  if (child.stderr) log.follow(child.stderr);
  return child;
}

function startFailure(what: string, { name, log }: ServiceProcessOptions): StartRefused {
  const lines = log.lastLines();
  // As migrations may still be rewritten, the schema can look newer than it is.
  const hint = lines.includes('migrated by another release')
    ? '\nThe data here is of another version: npm start -- --fresh deletes it and starts over.'
    : '';
  return new StartRefused(`${name} ${what}. The last lines of ${log.file}:\n${lines}${hint}`);
}

async function isReady(managementPort: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${managementPort}/readyz`, {
      signal: AbortSignal.timeout(2_000),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
