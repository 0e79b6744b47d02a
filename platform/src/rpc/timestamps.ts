import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ValidationFailed } from '../errors.ts';

const secondsMin = -62_135_596_800n; // the start of year 1
const secondsMax = 253_402_300_799n; // the end of year 9999

/** The first and the last instant that a timestamp can be, in milliseconds since 1970. */
export const instantMsMin = Number(secondsMin) * 1000;
export const instantMsMax = Number(secondsMax) * 1000 + 999;

export const instantHint = 'must be an instant between the years 1 and 9999';

/** Whether a timestamp is one that protobuf allows. */
export function isInstant({ seconds, nanos }: Timestamp): boolean {
  return seconds >= secondsMin && seconds <= secondsMax && nanos >= 0 && nanos <= 999_999_999;
}

/**
 * A timestamp of a request in whole milliseconds since 1970, as everything is stored. Finer digits are cut off:
 * rounded, the last instants of a day would belong to the next.
 *
 * @param field names the field in errors
 * @throws {ValidationFailed} for an instant that protobuf doesn't allow
 */
export function msOfTimestamp(timestamp: Timestamp | undefined, field: string): number | undefined {
  if (timestamp === undefined) return undefined;
  if (!isInstant(timestamp)) throw new ValidationFailed([{ field, message: instantHint }]);
  return Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1_000_000);
}

/** The timestamp as a field of a message, or no field where there is none, or it is infinitely far away. */
export function timestampField<Name extends string>(
  name: Name,
  ms: number | undefined,
): Partial<Record<Name, Timestamp>> {
  if (ms === undefined || !Number.isFinite(ms)) return {};
  return { [name]: timestampFromMs(ms) } as Record<Name, Timestamp>;
}
