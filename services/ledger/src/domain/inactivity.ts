import { type Instant, never } from './instant.ts';

/**
 * The date to which an activity moves all points of class INACTIVITY, or undefined where it leaves the present one: it
 * only ever moves forward. `to` is undefined for programs where points don't expire by inactivity.
 */
export function movedInactivity(present: Instant, to: Instant | undefined): Instant | undefined {
  return to === undefined || (present !== never && present >= to) ? undefined : to;
}
