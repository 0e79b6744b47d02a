import { endOfTime, type Instant } from '@loyalty/rules/instant.ts';
import { POINTS_MAX } from '@loyalty/rules/language.ts';
import { type Account, noChange, passingOfTime, record, withMembership } from './journal.ts';
import { expiryOf, inConsumptionOrder, type LotKey, take, total } from './lot.ts';
import { smaller } from './points.ts';
import { byDeadline, isOverdue } from './redemption-state.ts';
import { releaseHolds } from './release.ts';

/**
 * Writes what time itself has brought about up to `now`: maturity, then the end of holds, then expiry. A command that
 * changes a membership brings it up to date first, and a reader brings a copy up to date, so that both see the same balance.
 */
export function bringUpToDate(account: Account, now: Instant): Account {
  let current = account;
  for (let due = nextDueAt(current); due <= now; due = nextDueAt(current)) {
    // What becomes available first pays what is owed: only then the order of events matters,
    // which must not hang on whether the membership was brought up to date meanwhile.
    const owing = current.membership.deficit > 0n;
    current = bringUpTo(current, { until: owing ? due : now, now });
  }
  return current;
}

interface Target {
  readonly until: Instant;
  readonly now: Instant;
}

function bringUpTo(account: Account, { until: due, now }: Target): Account {
  const until = Math.max(due, maturedUntil(account));
  const reached = (after: Account): Account => ({ ...after, maturedUntil: until });
  const matured = reached(mature(account, { until, now }));
  const ended = reached(endHolds(matured, { until, now }));
  return reached(expire(ended, { until, now }));
}

/** The next instant at which time itself changes the balance. */
export function nextDueAt(account: Account): Instant {
  let due = endOfTime;
  for (const lot of account.lots) {
    if (lot.remaining === 0n) continue;
    due = Math.min(due, expiryOf(lot, account.membership));
    if (isPending(lot, account)) due = Math.min(due, lot.availableAt);
  }
  for (const redemption of account.redemptions) {
    if (redemption.state === 'RESERVED') due = Math.min(due, redemption.holdExpiresAt ?? endOfTime);
  }
  return due;
}

/** Whether the lot's points haven't been written as matured. */
export function isPending(lot: LotKey, account: Account): boolean {
  return lot.availableAt > maturedUntil(account);
}

function maturedUntil({ maturedUntil: until, membership }: Account): Instant {
  return until ?? membership.lastEntryTime;
}

function mature(account: Account, { until, now }: Target): Account {
  const maturing = account.lots.filter(
    (lot) => lot.remaining > 0n && isPending(lot, account) && lot.availableAt <= until,
  );
  if (maturing.length === 0) return account;
  const points = total(maturing);
  // The points stay in their lots, except for what the member owes.
  const paid = smaller(points, account.membership.deficit);
  return record(account, {
    kind: 'MATURE',
    changes: { ...noChange, available: points - paid, pending: -points, deficit: -paid },
    allocations: take(inConsumptionOrder(maturing, account.membership), paid),
    author: passingOfTime,
    now,
  });
}

function endHolds(account: Account, { until, now }: Target): Account {
  const overdue = byDeadline(account.redemptions.filter((each) => isOverdue(each, until)));
  if (overdue.length === 0) return account;
  return releaseHolds(account, overdue, { state: 'EXPIRED', author: passingOfTime, now });
}

function expire(account: Account, { until, now }: Target): Account {
  const expired = account.lots.filter(
    (lot) => lot.remaining > 0n && expiryOf(lot, account.membership) <= until,
  );
  if (expired.length === 0) return account;
  const points = total(expired);
  const pending = total(expired.filter((lot) => isPending(lot, account)));
  const after = record(account, {
    kind: 'EXPIRE',
    changes: { ...noChange, available: pending - points, pending: -pending },
    allocations: take(expired, points),
    author: passingOfTime,
    now,
  });
  // Time can't be refused, so that the total stops where it can't be represented any more.
  const lifetimeExpired = smaller(account.membership.lifetimeExpired + points, POINTS_MAX);
  return withMembership(after, { lifetimeExpired });
}
