import { Temporal } from 'temporal-polyfill';
import type { Instant } from './instant.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const MEMO_DAYS_MAX = 4_096;

/** A calendar date in a zone, and the instants (epoch milliseconds) between which it lasts. */
export interface LocalDay {
  /** Days since 1970-01-01. */
  readonly epochDay: number;
  /** The first instant of the date. */
  readonly startMs: number;
  /** The first instant of the next date. */
  readonly endMs: number;
  /** Whether the clocks change within the day, or at its very start. */
  readonly clocksChange: boolean;
}

/** What calendars and wall clocks of one time zone show. */
export interface ZoneClock {
  readonly timeZone: string;
  dayOf(epochMs: number): LocalDay;
  /** Minutes since midnight as the clock on the wall shows them, fractions included. */
  minuteOfDay(epochMs: number): number;
  zoned(epochMs: number): Temporal.ZonedDateTime;
  /** The first instant of a date; midnight, unless the clocks skip it. */
  startOf(date: Temporal.PlainDate): number;
  /**
   * The instant at which the clock on the wall shows a date and time, which `wallMs` has as if they were UTC. The earlier
   * of two where clocks go back, and the end of the gap where they skip it.
   */
  instantOf(wallMs: number): number;
}

/**
 * Makes a zone's clock. It remembers the days that it has looked up, because looking one up costs some ten
 * microseconds and transactions come in order of time.
 * Throws RangeError when the zone is unknown.
 */
export function createZoneClock(timeZone: string): ZoneClock {
  const zone = timeZone === '' ? 'UTC' : timeZone;
  const memo = new Map<number, LocalDay[]>();
  const daysByDate = new Map<number, LocalDay>();
  localDay(zone, 0);

  const dayOf = (epochMs: number): LocalDay => {
    const key = Math.floor(epochMs / DAY_MS);
    const near = memo.get(key);
    const found = near?.find((day) => day.startMs <= epochMs && epochMs < day.endMs);
    if (found !== undefined) return found;
    const day = localDay(zone, epochMs);
    if (memo.size >= MEMO_DAYS_MAX) memo.clear();
    memo.set(key, [...(near ?? []), day]);
    return day;
  };

  const dayByDate = (epochDay: number): LocalDay => {
    let day = daysByDate.get(epochDay);
    if (day === undefined) {
      day = localDay(
        zone,
        startOf(zone, new Temporal.PlainDate(1970, 1, 1).add({ days: epochDay })),
      );
      if (daysByDate.size >= MEMO_DAYS_MAX) daysByDate.clear();
      daysByDate.set(epochDay, day);
    }
    return day;
  };

  return {
    timeZone: zone,
    dayOf,
    minuteOfDay(epochMs) {
      const day = dayOf(epochMs);
      if (!day.clocksChange) return (epochMs - day.startMs) / MINUTE_MS;
      const { hour, minute, second, millisecond } = zoned(zone, epochMs);
      return hour * 60 + minute + second / 60 + millisecond / MINUTE_MS;
    },
    zoned: (epochMs) => zoned(zone, epochMs),
    startOf: (date) => startOf(zone, date),
    instantOf(wallMs) {
      const epochDay = Math.floor(wallMs / DAY_MS);
      const day = dayByDate(epochDay);
      // A date that the clocks skip begins on the next one.
      return day.clocksChange || day.epochDay !== epochDay
        ? wallInstant(zone, wallMs)
        : day.startMs + wallMs - epochDay * DAY_MS;
    },
  };
}

/** Whether the name is a time zone of the IANA database. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export function dateOf(day: LocalDay): Temporal.PlainDate {
  return new Temporal.PlainDate(1970, 1, 1).add({ days: day.epochDay });
}

export function dateAt(clock: ZoneClock, instant: Instant): Temporal.PlainDate {
  return dateOf(clock.dayOf(instant));
}

/** 1 for Monday to 7 for Sunday. */
export function weekday(epochDay: number): number {
  // 1970-01-01 was a Thursday.
  return ((((epochDay + 3) % 7) + 7) % 7) + 1;
}

function localDay(zone: string, epochMs: number): LocalDay {
  const start = zoned(zone, epochMs).startOfDay();
  const end = start.add({ days: 1 }).startOfDay();
  const date = start.toPlainDate();
  const [startMs, endMs] = [start.epochMilliseconds, end.epochMilliseconds];
  // Where clocks go back from just after midnight, the wall shows the end of a day that is over.
  if (endMs <= epochMs) return localDay(zone, endMs);
  return {
    epochDay: new Temporal.PlainDate(1970, 1, 1).until(date).days,
    startMs,
    endMs,
    // The offsets don't show it: a day whose midnight is skipped begins with the one that it ends with.
    clocksChange: endMs - startMs !== DAY_MS,
  };
}

function startOf(zone: string, date: Temporal.PlainDate): number {
  return date.toZonedDateTime({ timeZone: zone }).epochMilliseconds;
}

function wallInstant(zone: string, wallMs: number): number {
  const wall = new Temporal.PlainDateTime(1970, 1, 1).add({ milliseconds: wallMs });
  const instant = wall.toZonedDateTime(zone, { disambiguation: 'earlier' });
  // Where the clocks skip it, this is an instant before the gap.
  if (instant.toPlainDateTime().equals(wall)) return instant.epochMilliseconds;
  return instant.getTimeZoneTransition('next')?.epochMilliseconds ?? instant.epochMilliseconds;
}

function zoned(zone: string, epochMs: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(zone);
}
