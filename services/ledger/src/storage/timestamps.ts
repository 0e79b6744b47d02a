import { always, type Instant, never } from '../domain/instant.ts';

/** An instant as PostgreSQL reads it. */
export function timestamptz(instant: Instant): string {
  if (instant === never) return 'infinity';
  if (instant === always) return '-infinity';
  return new Date(instant).toISOString();
}

/** A timestamptz as pg reads it, a Date or an infinite number, as an instant. */
export function instant(value: Date | number): Instant {
  return Number(value);
}
