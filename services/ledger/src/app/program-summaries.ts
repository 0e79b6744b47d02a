import type { Instant } from '@loyalty/rules/instant.ts';
import { isListed } from '@loyalty/rules/reward-availability.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { dateAt } from '@loyalty/rules/zone-clock.ts';
import { type Period, requireLaterEnd } from '../domain/period.ts';
import type { ProgramTotals, TotalsQuery } from '../domain/program-totals.ts';
import type { ProgramDefinition } from './program-catalog.ts';
import { stockLeftOf } from './reward-offer.ts';
import { createSharedCache } from './shared-cache.ts';

/** A program, and a period. An end that is absent is that of the current month. */
export interface SummaryQuery {
  readonly programId: string;
  readonly startTime: Instant | undefined;
  readonly endTime: Instant | undefined;
}

export interface ProgramSummary {
  readonly programId: string;
  readonly asOf: Instant;
  readonly period: Period;
  readonly totals: Omit<ProgramTotals, 'expiring' | 'stockTaken'>;
  /** Points by the month of the program's time zone in which they expire, such as `2026-12`: this month and the next 23. */
  readonly expiring: readonly { readonly month: string; readonly points: bigint }[];
  readonly expiringLater: bigint;
  /** Sorted by reward id. */
  readonly stocks: readonly StockOfReward[];
}

export interface StockOfReward {
  readonly rewardId: string;
  readonly limit: bigint;
  readonly taken: bigint;
  readonly left: bigint;
}

/**
 * Reads all memberships and the journal of a program as of one instant, which may take long.
 *
 * @throws {StorageUnavailable} also when it takes too long
 */
export type ReadProgramTotals = (programId: string, query: TotalsQuery) => Promise<ProgramTotals>;

/** A program as the catalog has it, and the period to sum up. */
interface ProgramQuery {
  readonly program: ProgramDefinition;
  readonly query: SummaryQuery;
}

/** @throws {Overloaded} {@link StorageUnavailable} */
export type ProgramSummaries = (query: ProgramQuery) => Promise<ProgramSummary>;

const monthsShown = 24;
/** Each program and period is summed up at most once in this time. */
const freshMs = 60_000;
const ageMsMax = 5 * 60_000;
/** A result takes some kilobytes, and up to a hundred with a thousand limited rewards. */
const resultsMax = 100;
const waitingMax = 10;

/**
 * Sums up programs, each and each period at most once a minute, and one at a time. A computation goes on after the calls that
 * asked for it have ended, so that asking again gets its result.
 */
export function createProgramSummaries({
  clock,
  readTotals,
}: {
  clock: () => Instant;
  readTotals: ReadProgramTotals;
}): ProgramSummaries {
  return createSharedCache({
    compute: ({ program, query }: ProgramQuery) =>
      computeSummary(program, query, { asOf: clock(), readTotals }),
    keyOf: ({ query: { programId, startTime, endTime } }) =>
      [programId, startTime, endTime].join(' '),
    clock,
    freshMs,
    ageMsMax,
    resultsMax,
    waitingMax,
  });
}

async function computeSummary(
  program: ProgramDefinition,
  query: SummaryQuery,
  { asOf, readTotals }: { asOf: Instant; readTotals: ReadProgramTotals },
): Promise<ProgramSummary> {
  const period = periodOf(program, query, asOf);
  const months = Array.from({ length: monthsShown + 1 }, (_, index) =>
    monthFrom(program, asOf, index),
  );
  const { expiring, stockTaken, ...totals } = await readTotals(program.programId, {
    asOf,
    period,
    months: months.map(({ start }) => start),
  });
  return {
    programId: program.programId,
    asOf,
    period,
    totals,
    expiring: months
      .slice(0, monthsShown)
      .map(({ name }, index) => ({ month: name, points: expiring[index] ?? 0n })),
    expiringLater: expiring[monthsShown] ?? 0n,
    stocks: stocksOf(program, stockTaken),
  };
}

/**
 * The period to sum up: the current month of the program's time zone, where the query doesn't say otherwise.
 *
 * @throws {ValidationFailed} when it ends before it starts
 */
export function periodOf(
  program: ProgramDefinition,
  { startTime, endTime }: SummaryQuery,
  now: Instant,
): Period {
  requireLaterEnd({ startTime, endTime });
  const period = {
    startTime: startTime ?? monthFrom(program, now, 0).start,
    endTime: endTime ?? monthFrom(program, now, 1).start,
  };
  if (period.startTime < period.endTime) return period;
  throw new ValidationFailed([
    startTime === undefined
      ? {
          field: 'end_time',
          message: 'is before this month; give start_time as well',
          names: ['start_time'],
        }
      : { field: 'start_time', message: 'must not be later than this month' },
  ]);
}

/** The month `months` after the one of an instant, in the program's time zone. */
function monthFrom(
  { clock }: ProgramDefinition,
  instant: Instant,
  months: number,
): { name: string; start: Instant } {
  const first = dateAt(clock, instant).with({ day: 1 }).add({ months });
  return { name: first.toPlainYearMonth().toString(), start: clock.startOf(first) };
}

function stocksOf(
  { rewards }: ProgramDefinition,
  stockTaken: ReadonlyMap<string, bigint>,
): StockOfReward[] {
  return [...rewards.values()]
    .filter(isListed)
    .flatMap((offer) => {
      const { rewardId, stock } = offer.reward;
      const taken = stockTaken.get(rewardId) ?? 0n;
      const left = stockLeftOf(offer, taken);
      return left === undefined ? [] : [{ rewardId, limit: stock?.limit ?? 0n, taken, left }];
    })
    .toSorted((a, b) => (a.rewardId < b.rewardId ? -1 : 1));
}
