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
