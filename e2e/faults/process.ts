import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '@loyalty/local/settings.ts';

/** A service as a process of its own, which can be killed, frozen and started again. */
export interface FaultyProcess {
  readonly name: string;
  /** Starts it, also again; it may not be ready yet. */
  start(): void;
  signal(signal: NodeJS.Signals): void;
  /** Resolves with the exit code of the process that runs now; null if a signal ended it. */
  ended(): Promise<number | null>;
  /** Kills it and waits for its end. */
  kill(): Promise<void>;
  /** What it holds in memory, in bytes. */
  residentBytes(): number;
  /** The last lines that it printed. */
  lastLines(): string;
}

export function createProcess(options: {
  name: string;
  /** Its main file, from the project's top. */
  main: string;
  env: Readonly<Record<string, string>>;
  logFile: string;
}): FaultyProcess {
  const { name, main, env, logFile } = options;
  let child: ChildProcess | undefined;
  let ended: Promise<number | null> = Promise.resolve(null);
  const signal = (value: NodeJS.Signals) => void child?.kill(value);
  return {
    name,
    start() {
      const log = openSync(logFile, 'a');
      const started = spawn(process.execPath, [join(root, main)], {
        cwd: root,
        env: { ...process.env, ...env },
        // The channel ends the service when this process ends, however it ends.
        stdio: ['ignore', log, log, 'ipc'],
        detached: true,
      });
      closeSync(log);
      ended = new Promise((resolve) => started.once('exit', resolve));
      child = started;
    },
    signal,
    ended: () => ended,
    async kill() {
      signal('SIGKILL');
      await ended;
    },
    residentBytes() {
      const kilobytes = execFileSync('ps', ['-o', 'rss=', '-p', String(child?.pid)]).toString();
      return Number(kilobytes) * 1024;
    },
    lastLines: () => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-10).join('\n'),
  };
}
