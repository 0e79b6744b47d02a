import { ExpiryPolicy_After_RoundUpTo as RoundUpTo } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import type { Temporal } from 'temporal-polyfill';
import type { CompiledRuleSet } from './compile-rule-set.ts';
import { beginningOfTime, endOfTime, type Instant } from './instant.ts';
import type { ExpiryPolicy } from './language.ts';
import { dateAt, type ZoneClock } from './zone-clock.ts';

/** When points expire; INACTIVITY if that date moves with the member's activity, see {@link inactivityDate}. */
export type ExpireTime = Instant | 'INACTIVITY';

/** When the points of a purchase become available; the beginning of time if at once. */
export function availableTime({ maturation, clock }: CompiledRuleSet, occurTime: Instant): Instant {
  if (maturation.case !== 'after') return beginningOfTime;
  const due = clock.zoned(occurTime).add({ days: maturation.value.days });
  const day = due.startOfDay();
  const starts = day.epochNanoseconds === due.epochNanoseconds;
  return (starts ? day : day.add({ days: 1 }).startOfDay()).epochMilliseconds;
}

/** When points expire, counted from the later of the two times; the end of time if never. */
export function expireTime(
  { expiry, clock }: CompiledRuleSet,
  { availableTime, occurTime }: { readonly availableTime: Instant; readonly occurTime: Instant },
): ExpireTime {
  const matured = () => dateAt(clock, Math.max(availableTime, occurTime));
  switch (expiry.case) {
    case 'after':
      return endOf(afterPeriod(matured(), expiry.value), clock);
    case 'fixedDate':
      return endOf(nextFixedDate(matured(), expiry.value), clock);
    case 'inactivity':
      return 'INACTIVITY';
    default:
      return endOfTime;
  }
}

/**
 * When points under an INACTIVITY policy expire if the member does nothing after `from`; undefined under any other
 * policy.
 */
export function inactivityDate(
  { expiry, clock }: CompiledRuleSet,
  from: Instant,
): Instant | undefined {
  if (expiry.case !== 'inactivity') return undefined;
  return endOf(dateAt(clock, from).add({ months: expiry.value.months }), clock);
}

/** Until when points of a redemption reversed at `from` live on at least; undefined without a grace. */
export function endOfGraceDay(
  { refund, clock }: CompiledRuleSet,
  from: Instant,
): Instant | undefined {
  if (refund.restoreGraceDays === 0) return undefined;
  return endOf(dateAt(clock, from).add({ days: refund.restoreGraceDays }), clock);
}

type Policy<Case extends ExpiryPolicy['policy']['case']> = Extract<
  ExpiryPolicy['policy'],
  { case: Case }
>['value'];

function afterPeriod(
  matured: Temporal.PlainDate,
  { period, roundUpTo }: NonNullable<Policy<'after'>>,
): Temporal.PlainDate {
  const date = matured.add(
    period.case === 'months' ? { months: period.value } : { days: period.value ?? 0 },
  );
  switch (roundUpTo) {
    case RoundUpTo.MONTH:
      return date.with({ day: date.daysInMonth });
    case RoundUpTo.YEAR:
      return date.with({ month: 12, day: 31 });
    default:
      return date;
  }
}

function nextFixedDate(
  matured: Temporal.PlainDate,
  { month, day, minimumDays }: NonNullable<Policy<'fixedDate'>>,
): Temporal.PlainDate {
  // The month first: a day that it lacks becomes its last one.
  const inYear = (year: number) => matured.with({ year, month, day: 1 }).with({ day });
  let date = inYear(matured.year);
  // Ends within three years: no policy asks for more than 366 days.
  while (matured.until(date).days < minimumDays) date = inYear(date.year + 1);
  return date;
}

/** The end of a day is the first instant of the next one. */
function endOf(date: Temporal.PlainDate, clock: ZoneClock): Instant {
  return clock.startOf(date.add({ days: 1 }));
}
