import { epochMs } from './epoch-ms.ts';
import { beginningOfTime, endOfTime } from './instant.ts';
import type { Schedule } from './language.ts';
import { dateOf, type LocalDay, weekday, type ZoneClock } from './zone-clock.ts';

/** A schedule ready to be asked. Times of day are minutes since midnight on the wall clock of the zone. */
export interface CompiledSchedule {
  readonly startMs: number;
  readonly endMs: number;
  /** ISO weekdays, 1 for Monday to 7 for Sunday; every day when empty. */
  readonly weekdays: ReadonlySet<number>;
  readonly startMinute: number;
  readonly endMinute: number;
}

const DAY_MINUTES = 24 * 60;

export function compileSchedule(schedule: Schedule): CompiledSchedule {
  const { startTime, endTime, daysOfWeek, startTimeOfDay, endTimeOfDay } = schedule;
  return {
    startMs: startTime === undefined ? beginningOfTime : epochMs(startTime),
    endMs: endTime === undefined ? endOfTime : epochMs(endTime),
    weekdays: new Set(daysOfWeek),
    startMinute: startTimeOfDay === '' ? 0 : minutes(startTimeOfDay),
    endMinute: endTimeOfDay === '' ? DAY_MINUTES : minutes(endTimeOfDay),
  };
}

/**
 * Whether an instant (epoch milliseconds) lies within the schedule. Hours are what the wall clock shows: an hour that
 * comes twice when summer time ends counts both times, one that is skipped when it begins never comes. Hours that
 * cross midnight belong to the day on which they start.
 */
export function inSchedule(schedule: CompiledSchedule, epochMs: number, clock: ZoneClock): boolean {
  const { startMs, endMs, weekdays, startMinute, endMinute } = schedule;
  if (epochMs < startMs || epochMs >= endMs) return false;
  const allDay = startMinute === 0 && endMinute === DAY_MINUTES;
  if (allDay && weekdays.size === 0) return true;

  const today = clock.dayOf(epochMs);
  const onDay = ({ epochDay }: LocalDay) => weekdays.size === 0 || weekdays.has(weekday(epochDay));
  if (allDay) return onDay(today);
  const minute = clock.minuteOfDay(epochMs);
  if (startMinute < endMinute) {
    return startMinute <= minute && minute < endMinute && onDay(today);
  }
  if (minute >= startMinute && onDay(today)) return true;
  // Not the date before today's, which a zone may have skipped.
  return minute < endMinute && onDay(clock.dayOf(today.startMs - 1));
}

const WEEKDAY_NAMES = [
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
  'Sunday',
];

/** The instant as the wall clock shows it, such as "Saturday 2026-03-28 23:30". */
export function wallClockText(epochMs: number, clock: ZoneClock): string {
  const day = clock.dayOf(epochMs);
  const minute = Math.floor(clock.minuteOfDay(epochMs));
  const [hours, rest] = [Math.floor(minute / 60), minute % 60].map((part) =>
    String(part).padStart(2, '0'),
  );
  return `${WEEKDAY_NAMES[weekday(day.epochDay) - 1]} ${dateOf(day)} ${hours}:${rest}`;
}

function minutes(timeOfDay: string): number {
  return Number(timeOfDay.slice(0, 2)) * 60 + Number(timeOfDay.slice(3, 5));
}
