import { dateOf, type LocalDay, weekday, type ZoneClock } from './zone-clock.ts';

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
  const starts = STARTS.get(day) ?? startsOf(day, clock);
  STARTS.set(day, starts);
  return new Date(period === 'WEEK' ? starts.weekMs : starts.monthMs);
}

/** Clocks remember days, and these what a day's week and month begin with: every capped rule asks again. */
const STARTS = new WeakMap<LocalDay, { readonly weekMs: number; readonly monthMs: number }>();

function startsOf(day: LocalDay, clock: ZoneClock) {
  const date = dateOf(day);
  return {
    weekMs: clock.startOf(date.subtract({ days: weekday(day.epochDay) - 1 })),
    monthMs: clock.startOf(date.with({ day: 1 })),
  };
}
