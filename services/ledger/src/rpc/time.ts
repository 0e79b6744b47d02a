import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { InvalidCommand } from '../domain/errors.ts';
import type { Instant } from '../domain/instant.ts';

const secondsMin = -62_135_596_800n; // year 1
const secondsMax = 253_402_300_799n; // year 9999

/**
 * An instant in whole milliseconds, finer parts rounded up: entries are written at whole ones, so that comparing with
 * them gives the same.
 *
 * @param field names the field in errors
 * @throws {InvalidCommand} for an instant that protobuf doesn't allow
 */
export function instantOf(timestamp: Timestamp | undefined, field: string): Instant | undefined {
  return wholeMs(timestamp, { field, round: Math.ceil });
}

/**
 * An instant to keep, in whole milliseconds: finer parts are cut.
 *
 * @param field names the field in errors
 * @throws {InvalidCommand} for an instant that protobuf doesn't allow
 */
export function cutInstantOf(timestamp: Timestamp | undefined, field: string): Instant | undefined {
  return wholeMs(timestamp, { field, round: Math.floor });
}

function wholeMs(
  timestamp: Timestamp | undefined,
  { field, round }: { field: string; round: (ms: number) => number },
): Instant | undefined {
  if (timestamp === undefined) return undefined;
  requireValid(timestamp, field);
  return Number(timestamp.seconds) * 1000 + round(timestamp.nanos / 1_000_000);
}

function requireValid({ seconds, nanos }: Timestamp, field: string): void {
  if (seconds < secondsMin || seconds > secondsMax || nanos < 0 || nanos > 999_999_999) {
    throw new InvalidCommand([
      { field, message: 'must be an instant between the years 1 and 9999' },
    ]);
  }
}

/** The time as the contract has it; undefined for never and for always, which it leaves out. */
export function timestampOf(instant: Instant | undefined): Timestamp | undefined {
  return instant === undefined || !Number.isFinite(instant) ? undefined : timestampFromMs(instant);
}
