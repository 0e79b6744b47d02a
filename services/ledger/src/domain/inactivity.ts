import { type Instant, never } from './instant.ts';
import { type Account, withMembership } from './journal.ts';

/**
 * Moves the one date at which all points of class INACTIVITY expire. It only ever moves forward; undefined leaves it,
 * for programs where points don't expire by inactivity.
 */
export function moveInactivity(account: Account, to: Instant | undefined): Account {
  const { inactivityExpiresAt } = account.membership;
  if (to === undefined || (inactivityExpiresAt !== never && inactivityExpiresAt >= to)) {
    return account;
  }
  return withMembership(account, { inactivityExpiresAt: to });
}

/**
 * Sets that date where there is none, or where it has passed: points that somebody gives are no activity of the member's,
 * and still need a date to expire at.
 */
export function startInactivity(
  account: Account,
  { at, now }: { at: Instant | undefined; now: Instant },
): Account {
  const { inactivityExpiresAt } = account.membership;
  const runs = inactivityExpiresAt !== never && inactivityExpiresAt > now;
  return at === undefined || runs ? account : withMembership(account, { inactivityExpiresAt: at });
}
