// The CPU time of a server and all of its processes, from Linux's /proc.
import { readdir, readFile } from 'node:fs/promises';

/** What /proc says of a process. Times are in ticks. */
export interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  /** Its own, user and system. */
  readonly own: number;
  /** The time of children that have ended, which the kernel adds to their parent's. */
  readonly ended: number;
}

/** The kernel's unit for programs, whatever its own clock: `getconf CLK_TCK`. */
const ticksPerSecond = 100;

/**
 * What a file `/proc/<pid>/stat` says, see proc_pid_stat(5).
 *
 * @throws {Error} when the text is no such file's
 */
export function parseProcessTimes(stat: string): ProcessTimes {
  // The second field is the program's name in parentheses, which may contain blanks and parentheses.
  const end = stat.lastIndexOf(')');
  const [, parent, ...fields] = stat
    .slice(end + 1)
    .trim()
    .split(' ')
    .map(Number);
  const [user, system, endedUser, endedSystem] = fields.slice(9);
  const times = {
    pid: Number.parseInt(stat, 10),
    parent: parent ?? Number.NaN,
    own: (user ?? Number.NaN) + (system ?? Number.NaN),
    ended: (endedUser ?? Number.NaN) + (endedSystem ?? Number.NaN),
  };
  if (end < 0 || Object.values(times).some(Number.isNaN)) throw new Error(`no stat: ${stat}`);
  return times;
}

/** The sum of a process and of all that come from it, those that have ended too. In seconds. */
export function secondsOfTree(root: number, processes: readonly ProcessTimes[]): number {
  const children = Map.groupBy(processes, ({ parent }) => parent);
  const ticksBelow = (pid: number): number =>
    (children.get(pid) ?? []).reduce((sum, child) => sum + ticksOf(child), 0);
  const ticksOf = ({ pid, own, ended }: ProcessTimes): number => own + ended + ticksBelow(pid);
  const first = processes.find(({ pid }) => pid === root);
  return first === undefined ? 0 : ticksOf(first) / ticksPerSecond;
}

/**
 * The CPU time that a process and all that come from it have taken, in seconds; undefined on a system without
 * /proc. A process that ends while the others are looked at would count twice or not at all, so that they are then
 * looked at again.
 */
export async function processorSeconds(root: number): Promise<number | undefined> {
  for (;;) {
    const before = await readTimes(root);
    if (before === undefined) return undefined;
    const processes = await readAllTimes();
    const after = await readTimes(root);
    if (after?.ended === before.ended) return secondsOfTree(root, processes);
  }
}

/**
 * The CPU time of this process's children that have ended, in seconds; undefined on a system without /proc. Of a tool
 * that is run and waited for, it is the tool's.
 */
export async function endedChildrenSeconds(): Promise<number | undefined> {
  const times = await readTimes(process.pid);
  return times && times.ended / ticksPerSecond;
}

/** The process that started this one; undefined on a system without /proc. */
export async function parentOf(pid: number): Promise<number | undefined> {
  return (await readTimes(pid))?.parent;
}

async function readAllTimes(): Promise<ProcessTimes[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const times = await Promise.all(pids.map(readTimes));
  return times.filter((each) => each !== undefined);
}

/** Undefined if the process has ended. */
async function readTimes(pid: number): Promise<ProcessTimes | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat === undefined ? undefined : parseProcessTimes(stat);
}
