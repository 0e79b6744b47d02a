import type { Logger } from '@loyalty/platform/logging.ts';
import type { Instant } from '../domain/instant.ts';
import { repeat } from './repeat.ts';

/**
 * How far a ledger's clock may be from PostgreSQL's. Synchronized clocks differ by milliseconds; beyond this, one of the
 * two isn't synchronized, and replicas would disagree for seconds about what has expired and which version is in force.
 */
const offsetMsMax = 5_000;

export interface WatchClockOptions {
  clock: () => Instant;
  /** What another clock says, that of the database. */
  databaseTime: () => Promise<Instant>;
  /** Takes by how many seconds the clock is ahead of the database's. */
  report: (offsetSeconds: number) => void;
  logger: Pick<Logger, 'warn'>;
  /** How often the clocks are compared; 30 s by default. */
  pauseMs?: number;
}

export interface ClockWatch {
  /** Compares the clocks until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** What is wrong with the clock by the last comparison, if anything. */
  problem(): string | undefined;
}

/** Compares the clock with the database's, at once and every so often, and reports the difference. */
export function createClockWatch(options: WatchClockOptions): ClockWatch {
  const { report, logger, pauseMs = 30_000 } = options;
  let problem: string | undefined;

  async function compare(): Promise<boolean> {
    const offset = await offsetMs(options);
    report(offset.ms / 1_000);
    // Within its error the difference may as well be smaller.
    const isFar = Math.abs(offset.ms) - offset.errorMs > offsetMsMax;
    problem = isFar ? problemOf(offset.ms) : undefined;
    if (problem !== undefined) logger.warn({ offsetMs: offset.ms }, problem);
    return false;
  }

  return {
    run: (signal) => repeat({ name: 'watch-clock', pauseMs, run: compare, logger, signal }),
    problem: () => problem,
  };
}

function problemOf(offsetMs: number): string {
  const seconds = Math.abs(offsetMs / 1_000).toFixed(1);
  const direction = offsetMs > 0 ? 'ahead of' : 'behind';
  return `the clock is ${seconds} s ${direction} the database's, more than ${offsetMsMax / 1_000} s: synchronize both with NTP`;
}

/** The database's answer is of an instant between the question and its arrival. */
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
