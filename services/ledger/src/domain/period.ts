import type { Instant } from '@loyalty/rules/instant.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';

/** Includes its start and excludes its end. */
export interface Period {
  readonly startTime: Instant;
  readonly endTime: Instant;
}

export function isWithin(instant: Instant, { startTime, endTime }: Period): boolean {
  return startTime <= instant && instant < endTime;
}

/** A period that is open where an end isn't given. */
export type OpenPeriod = { readonly [End in keyof Period]: Period[End] | undefined };

/**
 * Refuses a period that holds no instant.
 *
 * @param names the fields that have its ends, by their proto names
 * @throws {ValidationFailed} naming the end
 */
export function requireLaterEnd(
  { startTime, endTime }: OpenPeriod,
  names = { start: 'start_time', end: 'end_time' },
): void {
  if (startTime === undefined || endTime === undefined || startTime < endTime) return;
  const { start, end } = names;
  const message = `must be later than ${start}`;
  throw new ValidationFailed([{ field: end, message, names: [start] }]);
}
