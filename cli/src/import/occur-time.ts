import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';

const pattern =
  /^(?<date>\d{4}-\d\d-\d\d)(?:[T ](?<time>\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?) ?(?<zone>Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * A date (`2021-01-31`) or a date and time (`2021-01-31 18:30`, RFC 3339). A date alone is its midnight, and what
 * has no zone is in UTC.
 *
 * @throws {TypeError} with a message for the file's author, also for a date that the calendar doesn't have
 */
export function parseOccurTime(text: string): Timestamp {
  const { date, time = '00:00', zone = 'Z' } = pattern.exec(text)?.groups ?? {};
  if (date === undefined) {
    throw new TypeError(
      `"${text}" is not a time: write it like 2021-01-31 or 2021-01-31T18:30:00Z`,
    );
  }
  // The zone apart, because it would move the date that is compared below.
  const local = Date.parse(`${date}T${time}Z`);
  const instant = Date.parse(`${date}T${time}${colonInside(zone).toUpperCase()}`);
  // The 30th of February parses as a day of March.
  if (Number.isNaN(instant) || new Date(local).toISOString().slice(0, 10) !== date) {
    throw new TypeError(`"${text}" is not in the calendar`);
  }
  return timestampFromMs(instant);
}

function colonInside(zone: string): string {
  return zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
}
