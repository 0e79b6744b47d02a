import { beginningOfTime, type Instant } from './instant.ts';
import { dateOf, type LocalDay, weekday, type ZoneClock } from './zone-clock.ts';

/** What a cap or a member limit is counted over. Weeks start on Monday. */
export type LimitPeriod = 'DAY' | 'WEEK' | 'MONTH' | 'LIFETIME';

/** The first instant of the period that an instant belongs to, in the clock's time zone. A lifetime has no beginning. */
export function periodStart(period: LimitPeriod, instant: Instant, clock: ZoneClock): Instant {
  if (period === 'LIFETIME') return beginningOfTime;
  const day = clock.dayOf(instant);
  if (period === 'DAY') return day.startMs;
  const starts = STARTS.get(day) ?? startsOf(day, clock);
  STARTS.set(day, starts);
  return period === 'WEEK' ? starts.weekMs : starts.monthMs;
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
