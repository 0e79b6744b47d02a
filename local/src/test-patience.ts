import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { testRun } from './current-test-run.ts';

/** What the start of a test run takes on two quiet cores. */
const quietStartMs = 2_500;

/** How many times as long something takes because others wait for the processors, too; 1 on a quiet machine. */
export function busyness(): number {
  const [load = 0] = loadavg();
  return Math.max(1, load / availableParallelism());
}

/**
 * How long a test waits for something that takes at most `quietMs` on a quiet machine: longer on one that is slower, by what
 * the start of this run took, or busier, by what waits for its processors now.
 */
export function patience(quietMs: number): number {
  const slowness = Math.max(testRun().startMs / quietStartMs, busyness());
  return Math.ceil(quietMs * slowness);
}

/** What `look` returns once it doesn't throw any more; its last error when patience is at an end. */
export async function eventually<Result>(
  look: () => Promise<Result> | Result,
  quietMs = 10_000,
): Promise<Result> {
  const giveUpMs = Date.now() + patience(quietMs);
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > giveUpMs) throw error;
      await delay(20);
    }
  }
}
