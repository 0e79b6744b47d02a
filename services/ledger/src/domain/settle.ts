import { type Instant, never } from './instant.ts';
import { type Account, noChange, passingOfTime, record, withMembership } from './journal.ts';
import { expiryOf, inConsumptionOrder, type Lot, take } from './lot.ts';
import { addPoints, smaller } from './points.ts';
import { isOverdue } from './redemption-state.ts';
import { releaseHold } from './release.ts';

/**
 * Writes what time itself has brought about up to `now`: maturity, then the end of holds, then expiry. Whoever
 * changes a membership settles it first; whoever only reads one settles a copy, so that both see the same balance.
 */
export function settle(account: Account, now: Instant): Account {
  return nextDueAt(account) > now ? account : expire(endHolds(mature(account, now), now), now);
}

/** The next instant at which time itself changes the balance. */
export function nextDueAt(account: Account): Instant {
  let due = never;
  for (const lot of account.lots) {
    if (lot.remaining === 0n) continue;
    due = Math.min(due, expiryOf(lot, account.membership));
    if (isPending(lot, account)) due = Math.min(due, lot.availableAt);
  }
  for (const redemption of account.redemptions) {
    if (redemption.state === 'RESERVED') due = Math.min(due, redemption.holdExpiresAt ?? never);
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
  const points = total(maturing);
  // The points stay in their lots, but for what the member owes.
  const paid = smaller(points, account.membership.deficit);
  return record(account, {
    kind: 'MATURE',
    changes: { ...noChange, available: points - paid, pending: -points, deficit: -paid },
    allocations: take(inConsumptionOrder(maturing, account.membership), paid),
    cause: passingOfTime,
    now,
  });
}

function endHolds(account: Account, now: Instant): Account {
  return account.redemptions
    .filter((redemption) => isOverdue(redemption, now))
    .toSorted((a, b) => (a.holdExpiresAt ?? never) - (b.holdExpiresAt ?? never))
    .reduce(
      (rest, hold) => releaseHold(rest, hold, { state: 'EXPIRED', cause: passingOfTime, now }),
      account,
    );
}

function expire(account: Account, now: Instant): Account {
  const expired = account.lots.filter(
    (lot) => lot.remaining > 0n && expiryOf(lot, account.membership) <= now,
  );
  if (expired.length === 0) return account;
  const points = total(expired);
  const pending = total(expired.filter((lot) => isPending(lot, account)));
  const after = record(account, {
    kind: 'EXPIRE',
    changes: { ...noChange, available: pending - points, pending: -pending },
    allocations: take(expired, points),
    cause: passingOfTime,
    now,
  });
  return withMembership(after, {
    lifetimeExpired: addPoints(account.membership.lifetimeExpired, points),
  });
}

function total(lots: readonly Lot[]): bigint {
  return lots.reduce((sum, { remaining }) => sum + remaining, 0n);
}
