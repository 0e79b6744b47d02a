import { type Timestamp, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { ValidationFailed } from '../domain/errors.ts';

const secondsMin = -62_135_596_800n; // the start of year 1
const secondsMax = 253_402_300_799n; // the end of year 9999

export const instantHint = 'must be an instant between the years 1 and 9999';

/** Whether a timestamp is one that protobuf allows. */
export function isInstant({ seconds, nanos }: Timestamp): boolean {
  return seconds >= secondsMin && seconds <= secondsMax && nanos >= 0 && nanos <= 999_999_999;
}

/**
 * An instant in whole milliseconds, finer parts cut off.
 *
 * @param field names the field in errors
 * @throws {ValidationFailed}
 */
export function dateOf(timestamp: Timestamp | undefined, field: string): Date | undefined {
  if (timestamp === undefined) return undefined;
  if (!isInstant(timestamp)) throw new ValidationFailed([{ field, message: instantHint }]);
  return new Date(Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1_000_000));
}

/** The timestamp as a field of a message, or no field. */
export function timestampField<Name extends string>(
  name: Name,
  date: Date | undefined,
): Partial<Record<Name, Timestamp>> {
  return date === undefined ? {} : ({ [name]: timestampFromDate(date) } as Record<Name, Timestamp>);
}
