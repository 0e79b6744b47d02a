import type { Logger } from '@loyalty/platform/logging.ts';
import { repeat } from '@loyalty/platform/repeat.ts';
import type { Instant } from '@loyalty/rules/instant.ts';

/**
 * How far a ledger's clock may be from PostgreSQL's. Synchronized clocks differ by milliseconds; beyond this, one of the
 * two isn't synchronized, and replicas would disagree for seconds about what has expired and which version is in force.
 */
const offsetMsMax = 5_000;

/** How far a clock that isn't set may run from one that is never set: NTP moves a clock by so much only if it was wrong. */
const stepMsMax = 1_000;

export interface WatchClockOptions {
  clock: () => Instant;
  /** Reads the database's clock. */
  databaseTime: () => Promise<Instant>;
  /** Takes by how many seconds the clock is ahead of the database's. */
  report: (offsetSeconds: number) => void;
  logger: Pick<Logger, 'warn'>;
  /** Milliseconds of a clock that is never set. */
  elapsedMs?: () => number;
  /** How often the clocks are compared; 30 s by default. */
  pauseMs?: number;
}

export interface ClockWatch {
  /** Compares the clocks until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** What is wrong by the last comparison, if the clock may be at fault. */
  problem(): string | undefined;
}

/**
 * Compares the clock with the database's, at once and then at intervals, and reports the difference. If they agreed and the
 * clock hasn't been set since, only the database's can have changed, as after a failover: that is logged and is no problem
 * of this process, because all replicas would have it at once.
 */
export function createClockWatch(options: WatchClockOptions): ClockWatch {
  const { clock, report, logger, elapsedMs = () => performance.now(), pauseMs = 30_000 } = options;
  let problem: string | undefined;
  /** How far the clock was ahead of `elapsedMs` when it last agreed with the database's. */
  let agreedMs: number | undefined;

  async function compare(): Promise<boolean> {
    const offset = await offsetMs(options);
    const aheadMs = clock() - elapsedMs();
    report(offset.ms / 1_000);
    // Within its error the difference may as well be smaller.
    const isFar = Math.abs(offset.ms) - offset.errorMs > offsetMsMax;
    if (!isFar) {
      agreedMs = aheadMs;
      problem = undefined;
      return false;
    }
    const isUnset = agreedMs !== undefined && Math.abs(aheadMs - agreedMs) <= stepMsMax;
    const text = isUnset ? problemOfDatabase(offset.ms) : problemOf(offset.ms);
    logger.warn({ offsetMs: offset.ms }, text);
    problem = isUnset ? undefined : text;
    return false;
  }

  return {
    run: (signal) => repeat({ name: 'watch-clock', pauseMs, run: compare, logger, signal }),
    problem: () => problem,
  };
}

function problemOf(offsetMs: number): string {
  return `the clock is ${distance(offsetMs)} the database's, more than ${offsetMsMax / 1_000} s: synchronize both with NTP`;
}

function problemOfDatabase(offsetMs: number): string {
  return `the database's clock has become wrong, it is ${distance(-offsetMs)} this process's, which hasn't been set since they agreed: synchronize the clock of the database's host with NTP`;
}

function distance(offsetMs: number): string {
  return `${Math.abs(offsetMs / 1_000).toFixed(1)} s ${offsetMs > 0 ? 'ahead of' : 'behind'}`;
}

/** The database read its clock at some instant between the request and the arrival of its response. */
async function offsetMs({
  clock,
  databaseTime,
}: WatchClockOptions): Promise<{ ms: number; errorMs: number }> {
  const askedMs = clock();
  const databaseMs = await databaseTime();
  const answeredMs = clock();
  return {
    ms: (askedMs + answeredMs) / 2 - databaseMs,
    errorMs: Math.abs(answeredMs - askedMs) / 2,
  };
}
