import { create } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { ValidationFailed } from '../domain/errors.ts';

const secondsMin = -62_135_596_800n; // year 1
const secondsMax = 253_402_300_799n; // year 9999

/**
 * An instant in whole milliseconds, finer parts cut off.
 *
 * @param field names the field in errors
 * @throws {ValidationFailed} for an instant that protobuf doesn't allow
 */
export function dateOf(timestamp: Timestamp | undefined, field: string): Date | undefined {
  if (timestamp === undefined) return undefined;
  const { seconds, nanos } = timestamp;
  if (seconds < secondsMin || seconds > secondsMax || nanos < 0 || nanos > 999_999_999) {
    throw new ValidationFailed([
      { field, message: 'must be an instant between the years 1 and 9999' },
    ]);
  }
  return new Date(Number(seconds) * 1000 + Math.floor(nanos / 1_000_000));
}

export function timestampOf(date: Date | undefined): Timestamp | undefined {
  return date === undefined ? undefined : create(TimestampSchema, timestampFromDate(date));
}
