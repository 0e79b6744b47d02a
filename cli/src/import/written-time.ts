import type { ZoneClock } from '@loyalty/rules/zone-clock.ts';
import { quoted } from '../printable.ts';
import { LineProblem } from './line-problem.ts';

/** A time as a file has it. */
export interface WrittenTime {
  /** Date and time on the wall as if they were UTC, in milliseconds since 1970. */
  readonly wallMs: number;
  /** What has to be taken from that; undefined where the file names no zone. */
  readonly offsetMs: number | undefined;
  /** Whether it is a date alone. */
  readonly isDate: boolean;
}

const date = String.raw`(\d{4})-(\d\d)-(\d\d)`;
const timeOfDay = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?`;
const zone = String.raw`(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)`;
const pattern = new RegExp(`^${date}(?:(?:T| +)${timeOfDay}(?: ?${zone})?)?$`, 'i');

const dayMs = 86_400_000;
const minuteMs = 60_000;

/**
 * Reads a date (`2021-01-31`), or a date and time (`2021-01-31 18:30`, RFC 3339). What is finer than a millisecond is cut.
 *
 * @throws {LineProblem} also for a date that the calendar doesn't have
 */
export function parseTime(text: string): WrittenTime {
  const match = pattern.exec(text);
  if (match === null) {
    throw new LineProblem(
      `${quoted(text)} is not a time: write it like 2021-01-31 or 2021-01-31T18:30:00Z`,
    );
  }
  const [, year, month, day, hour, minute, second = '00', fraction = '', zoneText] = match;
  const milliseconds = fraction.slice(0, 3).padEnd(3, '0');
  const iso =
    hour === undefined
      ? `${year}-${month}-${day}T00:00:00.000Z`
      : `${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}Z`;
  const wallMs = Date.parse(iso);
  const offsetMs = zoneText === undefined ? undefined : parseOffset(zoneText);
  // The 30th of February parses as a day of March, and 24:00 as the next day.
  const isInCalendar = new Date(wallMs).getUTCDate() === Number(day);
  if (!isInCalendar || Number.isNaN(offsetMs)) {
    throw new LineProblem(`${quoted(text)} is not in the calendar`);
  }
  return { wallMs, offsetMs, isDate: hour === undefined };
}

/** NaN where no zone is so far from UTC. */
function parseOffset(text: string): number {
  const [, sign, hours, minutes = '00'] = /^([+-])(\d\d):?(\d\d)?$/.exec(text) ?? [];
  if (sign === undefined) return 0;
  if (Number(hours) > 23 || Number(minutes) > 59) return Number.NaN;
  const offset = (Number(hours) * 60 + Number(minutes)) * minuteMs;
  return sign === '-' ? -offset : offset;
}

/** The instant, in milliseconds since 1970; `clock` is that of times without a zone. */
export function instantOf({ wallMs, offsetMs }: WrittenTime, clock: ZoneClock): number {
  return offsetMs === undefined ? clock.instantOf(wallMs) : wallMs - offsetMs;
}

const yearOneMs = Date.parse('0001-01-01T00:00:00Z');
const yearTenThousandMs = Date.UTC(10_000, 0, 1);

/** An instant for a person, in RFC 3339; in words where that has no year for it. */
export function instantText(ms: number): string {
  if (ms < yearOneMs) return 'before the year 1';
  if (ms >= yearTenThousandMs) return 'after the year 9999';
  return new Date(ms).toISOString();
}

/** When what is written is over: a date when the next one begins, another time at once. */
export function endOf(time: WrittenTime): WrittenTime {
  return time.isDate ? { ...time, wallMs: time.wallMs + dayMs, isDate: false } : time;
}

/** What identifies a time in any zone: the instant if the file has a zone, otherwise the local time. */
export function timeIdentity({ wallMs, offsetMs }: WrittenTime): string {
  return offsetMs === undefined
    ? new Date(wallMs).toISOString().slice(0, -1)
    : new Date(wallMs - offsetMs).toISOString();
}
