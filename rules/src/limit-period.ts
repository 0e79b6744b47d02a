import { dateOf, weekday, type ZoneClock } from './zone-clock.ts';

/** What a cap or a member limit is counted over. Weeks start on Monday. */
export type LimitPeriod = 'DAY' | 'WEEK' | 'MONTH' | 'LIFETIME';

/** The start of the one period that has no beginning. */
export const LIFETIME = 'LIFETIME';

export type PeriodStart = Date | typeof LIFETIME;

/** The first instant of the period that an instant belongs to, in the clock's time zone. */
export function periodStart(period: LimitPeriod, instant: Date, clock: ZoneClock): PeriodStart {
  if (period === 'LIFETIME') return LIFETIME;
  const day = clock.dayOf(instant.getTime());
  if (period === 'DAY') return new Date(day.startMs);
  const date = dateOf(day);
  const first =
    period === 'MONTH' ? date.with({ day: 1 }) : date.subtract({ days: weekday(day.epochDay) - 1 });
  return new Date(clock.startOf(first));
}
