import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Makes sure that no earlier server still works on the same files. One whose starter was killed is about to
 * end and is waited for. A stale pid file whose number belongs to another program by now is removed, because a server
 * would take that program for its predecessor; any other is the server's own to judge. Throws when the earlier server
 * stays.
 */
export async function awaitPredecessor(options: {
  name: string;
  pidFile: string;
  /** The argument that distinguishes its command line from any other's. */
  argument: string;
}): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const pid = findPredecessor(options);
    if (pid === undefined) break;
    if (Date.now() > deadline) {
      throw new Error(
        `${options.name} (process ${pid}) is already running here: stop what started it, or run: kill ${pid}`,
      );
    }
    await delay(50);
  }
  const pid = readPid(options.pidFile);
  if (pid !== undefined && commandLine(pid) !== '') rmSync(options.pidFile, { force: true });
}

/** The process that the pid file names, unless it has ended and its number is another program's. */
export function findPredecessor(options: {
  pidFile: string;
  argument: string;
}): number | undefined {
  const pid = readPid(options.pidFile);
  return pid !== undefined && commandLine(pid).includes(options.argument) ? pid : undefined;
}

function readPid(file: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
}

/** Empty when there is no such process. */
function commandLine(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
