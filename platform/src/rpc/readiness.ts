import type { Logger } from '../logging.ts';

export interface Readiness {
  /** Whether calls should come here now. */
  isReady(): Promise<boolean>;
  /** Makes the service unready from now on, whatever its own check says. */
  drain(): void;
  readonly draining: boolean;
}

const rememberedMs = 1000;
/** Short enough for probes to get a response within a second, whatever the database does. */
const checkMsMax = 700;

/**
 * Checks whether the service can work, at most once a second for all callers, and logs when the result changes. A check
 * that takes too long means that it isn't ready; until that check has ended there is no other, so that a database that
 * hangs doesn't collect them.
 */
export function createReadiness(check: () => Promise<void>, logger: Logger): Readiness {
  let draining = false;
  let answer: Promise<boolean> | undefined;
  let answeredMs = Number.NEGATIVE_INFINITY;
  let lastReady: boolean | undefined;
  let underWay: Promise<void> | undefined;

  async function ask(): Promise<boolean> {
    let problem: unknown;
    underWay ??= check().finally(() => {
      underWay = undefined;
    });
    const ready = await inTime(underWay).then(
      () => true,
      (error: unknown) => {
        problem = error;
        return false;
      },
    );
    answeredMs = performance.now();
    if (ready !== lastReady) {
      if (ready) logger.info('ready');
      else logger.warn({ err: problem }, 'not ready');
    }
    lastReady = ready;
    return ready;
  }

  return {
    async isReady() {
      if (draining) return false;
      if (answer === undefined || performance.now() - answeredMs > rememberedMs) {
        answeredMs = Number.POSITIVE_INFINITY;
        answer = ask();
      }
      return (await answer) && !draining;
    },
    drain() {
      draining = true;
    },
    get draining() {
      return draining;
    },
  };
}

function inTime(check: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`The readiness check took longer than ${checkMsMax} ms`)),
      checkMsMax,
    );
    check.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
