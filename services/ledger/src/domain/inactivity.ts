import { endOfTime, type Instant } from '@loyalty/rules/instant.ts';

/**
 * The date to which an activity moves all points of class INACTIVITY, or undefined where it leaves the present one: it
 * only ever moves forward. `to` is undefined for programs where points don't expire by inactivity.
 */
export function movedInactivity(present: Instant, to: Instant | undefined): Instant | undefined {
  return to === undefined || (present !== endOfTime && present >= to) ? undefined : to;
}

/**
 * The inactivity date for points that an adjustment credits: it is no activity of the member's, and the points still need
 * a date to expire at. Undefined where the present one hasn't passed.
 */
export function startedInactivity(
  present: Instant,
  { at, now }: { at: Instant | undefined; now: Instant },
): Instant | undefined {
  return present === endOfTime || present <= now ? at : undefined;
}
