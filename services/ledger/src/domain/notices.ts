import type { Instant } from '@loyalty/rules/instant.ts';
import { dateOf, type ZoneClock } from '@loyalty/rules/zone-clock.ts';
import { type DatedPoints, expiriesOf, maturitiesOf } from './balance.ts';
import { bringUpToDate } from './bring-up-to-date.ts';
import type { Account } from './journal.ts';

/** EXPIRING: points are lost at the end of the date. MATURING: pending points become available on it. */
export type NoticeKind = 'EXPIRING' | 'MATURING';

/** How many days before the date there is a notice; 0 for none. */
export type NoticeDays = Readonly<Record<NoticeKind, number>>;

/** Says before a date what will happen to a member's points on it. */
export interface Notice {
  readonly kind: NoticeKind;
  /** In the program's time zone, such as 2026-12-31. */
  readonly date: string;
  readonly points: bigint;
  /** When the first of them expire or become available. */
  readonly time: Instant;
}

/** The notices that a member should have had by `now`, from the first date on, each date once for each kind. */
export function noticesDue(
  account: Account,
  { now, days, clock }: { now: Instant; days: NoticeDays; clock: ZoneClock },
): Notice[] {
  if (account.membership.state !== 'ACTIVE') return [];
  const current = bringUpToDate(account, now);
  const today = clock.dayOf(now).epochDay;
  const due = (kind: NoticeKind, dates: readonly DatedPoints[]) =>
    byDay(dates, (time) => clock.dayOf(lastInstant(kind, time)).epochDay)
      .filter(([epochDay]) => epochDay - today <= days[kind])
      .map(([, [first, ...others]]) => ({
        kind,
        date: dateOf(clock.dayOf(lastInstant(kind, first.time))).toString(),
        points: others.reduce((sum, { points }) => sum + points, first.points),
        time: first.time,
      }));
  return [
    ...(days.EXPIRING > 0 ? due('EXPIRING', expiriesOf(current)) : []),
    ...(days.MATURING > 0 ? due('MATURING', maturitiesOf(current)) : []),
  ];
}

// Points expire at the first instant of a day on which they can no longer be spent; people call that the end of the day
// before.
function lastInstant(kind: NoticeKind, time: Instant): Instant {
  return kind === 'EXPIRING' ? time - 1 : time;
}

/** Dates that are in order, by the days that they fall on. */
function byDay(
  dates: readonly DatedPoints[],
  dayOf: (time: Instant) => number,
): [epochDay: number, dates: [DatedPoints, ...DatedPoints[]]][] {
  const days = Map.groupBy(dates, ({ time }) => dayOf(time));
  return [...days] as [number, [DatedPoints, ...DatedPoints[]]][];
}
