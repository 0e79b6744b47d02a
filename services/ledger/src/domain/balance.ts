import { bringUpToDate } from './bring-up-to-date.ts';
import { endOfTime, type Instant } from './instant.ts';
import type { Account } from './journal.ts';
import { expiryOf } from './lot.ts';

/** The points of a membership at an instant. */
export interface Balance {
  readonly available: bigint;
  readonly pending: bigint;
  readonly reserved: bigint;
  readonly deficit: bigint;
  readonly lifetimeEarned: bigint;
  readonly lifetimeRedeemed: bigint;
  readonly lifetimeExpired: bigint;
  readonly nextExpiry: { readonly points: bigint; readonly time: Instant } | undefined;
}

/** The balance that the account has at `now`, whether or not what is due has been written. */
export function balanceAt(account: Account, now: Instant): Balance {
  const current = bringUpToDate(account, now);
  const { membership } = current;
  return {
    available: membership.available,
    pending: membership.pending,
    reserved: membership.reserved,
    deficit: membership.deficit,
    lifetimeEarned: membership.lifetimeEarned,
    lifetimeRedeemed: membership.lifetimeRedeemed,
    lifetimeExpired: membership.lifetimeExpired,
    nextExpiry: nextExpiry(current),
  };
}

function nextExpiry(account: Account): Balance['nextExpiry'] {
  let time = endOfTime;
  let points = 0n;
  for (const lot of account.lots) {
    if (lot.remaining === 0n) continue;
    const expiresAt = expiryOf(lot, account.membership);
    if (expiresAt > time || expiresAt === endOfTime) continue;
    points = expiresAt < time ? lot.remaining : points + lot.remaining;
    time = expiresAt;
  }
  return time === endOfTime ? undefined : { points, time };
}
