import { type Instant, never } from './instant.ts';
import { type Account, noChange, passingOfTime, record, withMembership } from './journal.ts';
import { type Allocation, expiryOf, inConsumptionOrder, type Lot, take } from './lot.ts';
import { addPoints, smaller } from './points.ts';

/**
 * Writes what time itself has brought about up to `now`: maturity, then expiry. Whoever changes a membership
 * settles it first; whoever only reads one settles a copy, so that both see the same balance.
 */
export function settle(account: Account, now: Instant): Account {
  return nextDueAt(account) > now ? account : expire(mature(account, now), now);
}

/** The next instant at which time itself changes the balance. */
export function nextDueAt(account: Account): Instant {
  let due = never;
  for (const lot of account.lots) {
    if (lot.remaining === 0n) continue;
    due = Math.min(due, expiryOf(lot, account.membership));
    if (isPending(lot, account)) due = Math.min(due, lot.availableAt);
  }
  return due;
}

/** Whether the lot's points haven't been written as matured. */
export function isPending(lot: Lot, account: Account): boolean {
  return lot.availableAt > account.membership.lastEntryTime;
}

function mature(account: Account, now: Instant): Account {
  const maturing = account.lots.filter(
    (lot) => lot.remaining > 0n && isPending(lot, account) && lot.availableAt <= now,
  );
  if (maturing.length === 0) return account;
  const points = maturing.reduce((sum, lot) => sum + lot.remaining, 0n);
  // Points that become available pay what is owed before anything else.
  const paid = smaller(points, account.membership.deficit);
  return record(account, {
    kind: 'MATURE',
    changes: { ...noChange, available: points - paid, pending: -points, deficit: -paid },
    allocations: take(inConsumptionOrder(maturing, account.membership), paid),
    cause: passingOfTime,
    now,
  });
}

function expire(account: Account, now: Instant): Account {
  const expired = account.lots.filter(
    (lot) => lot.remaining > 0n && expiryOf(lot, account.membership) <= now,
  );
  if (expired.length === 0) return account;
  const points = expired.reduce((sum, lot) => sum + lot.remaining, 0n);
  const pending = expired
    .filter((lot) => isPending(lot, account))
    .reduce((sum, lot) => sum + lot.remaining, 0n);
  const allocations: Allocation[] = take(expired, points);
  const after = record(account, {
    kind: 'EXPIRE',
    changes: { ...noChange, available: pending - points, pending: -pending },
    allocations,
    cause: passingOfTime,
    now,
  });
  return withMembership(after, {
    lifetimeExpired: addPoints(account.membership.lifetimeExpired, points),
  });
}
