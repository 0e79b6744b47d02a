import { beginningOfTime, endOfTime, type Instant } from '../domain/instant.ts';

// Most rows of a batch carry the instant of its commit, and formatting takes longer than all else about a column.
let latest: { readonly instant: Instant; readonly text: string } = { instant: 0, text: textOf(0) };

/** An instant as PostgreSQL reads it. */
export function timestamptz(instant: Instant): string {
  if (instant === endOfTime) return 'infinity';
  if (instant === beginningOfTime) return '-infinity';
  if (instant !== latest.instant) latest = { instant, text: textOf(instant) };
  return latest.text;
}

function textOf(instant: Instant): string {
  return new Date(instant).toISOString();
}

/** A timestamptz as pg reads it, a Date or an infinite number, as an instant. */
export function instant(value: Date | number): Instant {
  return Number(value);
}

/** What {@link timestamptz} wrote, as an instant again. */
export function instantOfText(text: string): Instant {
  if (text === 'infinity') return endOfTime;
  if (text === '-infinity') return beginningOfTime;
  return Date.parse(text);
}

export function timestamptzOrNull(value: Instant | undefined): string | null {
  return value === undefined ? null : timestamptz(value);
}

export function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

/** More than any sequence or id: where a list that has the newest first begins. */
export const aboveAllIds = 2n ** 63n - 1n;

/** A timestamptz column as pg reads it: infinite ones are numbers. */
export type Timestamp = Date | number;
