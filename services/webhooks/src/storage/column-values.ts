import type { Instant } from '../domain/instant.ts';

/** A timestamptz as pg reads it: a number if it is infinite. */
export type Timestamp = Date | number;

/** The instant of a column; undefined for NULL and for what is infinitely far away. */
export function instantOf(value: Timestamp | null): Instant | undefined {
  if (value === null) return undefined;
  const ms = Number(value);
  return Number.isFinite(ms) ? ms : undefined;
}

/** The instant of a column that always has one. */
export function certainInstant(value: Timestamp): Instant {
  return Number(value);
}

export function timestamptz(value: Instant): string {
  return new Date(value).toISOString();
}

/** The same for a column that may be NULL. */
export function nullableTimestamptz(value: Instant | undefined): string | null {
  return value === undefined ? null : timestamptz(value);
}
