// A server that can't outlive the process that started it, not even when that one is killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { freePort } from './free-port.ts';

export interface GuardedProcess {
  /** Asks the server to end, and kills it if it hasn't after ten seconds. */
  stop(): Promise<void>;
  /** Rejects with ServerExited when the server ends unasked. */
  readonly failed: Promise<never>;
}

export interface GuardedProcessOptions {
  program: string;
  args: readonly string[];
  /** What the server prints is written here, from the start of the file. */
  logFile: string;
  /** Matches the line that it prints when it can be used. */
  ready: RegExp;
  /** What asks it to end. */
  stopSignal: 'INT' | 'TERM';
  /** What its environment has besides. */
  env?: Readonly<Record<string, string>>;
  uid?: number;
  gid?: number;
}

// Descriptor 3 is a pipe from this process, which the kernel closes when this process ends.
const guard = `
"$@" 3<&- &
server=$!
{ cat <&3; kill -"$STOP_SIGNAL" $server; } >/dev/null 2>&1 &
wait $server`;

// As above, for a command that is to come to its end: it is killed, with all that it has started.
const commandGuard = `
"$@" 3<&- &
command=$!
{ cat <&3; kill -KILL 0; } >/dev/null 2>&1 &
wait $command`;

const lastLinesKept = 20;
const patienceMs = 10_000;

/** Starts the server and waits until it is ready; throws ServerExited when it ends before that. */
export async function startGuarded(options: GuardedProcessOptions): Promise<GuardedProcess> {
  const { program, args, stopSignal, env, uid, gid } = options;
  const child = spawn('/bin/sh', ['-c', guard, 'sh', program, ...args], {
    cwd: '/',
    env: { ...env, PATH: process.env['PATH'], LC_ALL: 'C', STOP_SIGNAL: stopSignal },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // A terminal's Ctrl-C must not end the server before those who use it.
    detached: true,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  const lifeline = child.stdio[3] as Writable;
  child.once('exit', () => lifeline.destroy());
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const output = followOutput(child, options);
  await Promise.race([
    output.ready,
    exited.then((code) => {
      throw new ServerExited({ program, code, lastLines: output.lastLines });
    }),
  ]);
  let isStopping = false;
  const failure = Promise.withResolvers<never>();
  // It may reject before anything listens.
  failure.promise.catch(() => undefined);
  void exited.then((code) => {
    const { lastLines } = output;
    if (!isStopping) failure.reject(new ServerExited({ program, code, lastLines }));
  });
  return {
    failed: failure.promise,
    async stop() {
      isStopping = true;
      lifeline.destroy();
      const impatience = setTimeout(() => killGroup(child), patienceMs);
      await exited;
      clearTimeout(impatience);
    },
  };
}

/**
 * Runs a command that doesn't outlive this process.
 *
 * @throws {Error} with what it printed last, unless its exit code is 0
 */
export async function runGuarded(
  options: Pick<GuardedProcessOptions, 'program' | 'args' | 'uid' | 'gid'>,
): Promise<void> {
  const { program, args, ...account } = options;
  const child = spawn('/bin/sh', ['-c', commandGuard, 'sh', program, ...args], {
    cwd: '/',
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // A group of its own, which can be killed as a whole.
    detached: true,
    ...account,
  });
  const lifeline = child.stdio[3] as Writable;
  child.once('exit', () => lifeline.destroy());
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => printed.push(chunk));
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return;
  const lastLines = printed.join('').trimEnd().split('\n').slice(-lastLinesKept);
  throw new ServerExited({ program, code, lastLines });
}

function followOutput(child: ChildProcess, options: { logFile: string; ready: RegExp }) {
  const log = createWriteStream(options.logFile);
  child.once('close', () => log.end());
  const lastLines: string[] = [];
  const ready = new Promise<void>((resolve) => {
    const follow = (chunk: string) => {
      log.write(chunk);
      lastLines.push(...chunk.trimEnd().split('\n'));
      lastLines.splice(0, lastLines.length - lastLinesKept);
      if (lastLines.some((line) => options.ready.test(line))) resolve();
    };
    child.stdout?.setEncoding('utf8').on('data', follow);
    child.stderr?.setEncoding('utf8').on('data', follow);
  });
  return { ready, lastLines };
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended just now.
  }
}

/** Thrown when a server ends before it is ready. */
export class ServerExited extends Error {
  override readonly name = 'ServerExited';

  constructor(exit: { program: string; code: number | null; lastLines: readonly string[] }) {
    super(`${exit.program} ended with exit code ${exit.code}:\n${exit.lastLines.join('\n')}`);
  }

  /** Whether the cause was that another process listens on the port. */
  get isPortTaken(): boolean {
    return this.message.toLowerCase().includes('address already in use');
  }
}

/**
 * Starts on the port given, or on a free one of 127.0.0.1. Another process may take a free one in the moment
 * between its being found and its being used, so that is tried again.
 */
export async function startOnPort<T>(
  port: number | undefined,
  start: (port: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(port ?? (await freePort()));
    } catch (error) {
      if (!(error instanceof ServerExited) || !error.isPortTaken || attempt === 5) throw error;
      if (port !== undefined) {
        throw new Error(`Port ${port} of 127.0.0.1 is taken: stop what listens there.`);
      }
    }
  }
}
