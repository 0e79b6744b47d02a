import { endOfTime, type Instant } from '@loyalty/rules/instant.ts';
import { bringUpToDate, isPending } from './bring-up-to-date.ts';
import type { Account } from './journal.ts';
import { expiryOf, type Lot, type LotKey, total } from './lot.ts';

/** The points of a membership at an instant. */
export interface Balance {
  readonly available: bigint;
  readonly pending: bigint;
  readonly reserved: bigint;
  readonly deficit: bigint;
  readonly lifetimeEarned: bigint;
  readonly lifetimeRedeemed: bigint;
  readonly lifetimeExpired: bigint;
  readonly nextExpiry: DatedPoints | undefined;
  /** The pending points that become available next. */
  readonly nextMaturity: DatedPoints | undefined;
}

/** Points to which the same happens at the same time. */
export interface DatedPoints {
  readonly points: bigint;
  readonly time: Instant;
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
    nextExpiry: soonest(current, (lot) => expiryOf(lot, membership)),
    nextMaturity:
      membership.pending === 0n ? undefined : soonest(current, (lot) => maturityOf(lot, current)),
  };
}

/** The points of the earliest date that lots have; those with the end of time have none. */
function soonest({ lots }: Account, dateOf: (lot: LotKey) => Instant): DatedPoints | undefined {
  let time = endOfTime;
  let points = 0n;
  for (const lot of lots) {
    if (lot.remaining === 0n) continue;
    const date = dateOf(lot);
    if (date > time || date === endOfTime) continue;
    points = date < time ? lot.remaining : points + lot.remaining;
    time = date;
  }
  return time === endOfTime ? undefined : { points, time };
}

/** When the lot's points become available; the end of time where they are, or where they expire before. */
function maturityOf(lot: LotKey, account: Account): Instant {
  const matures = isPending(lot, account) && lot.availableAt < expiryOf(lot, account.membership);
  return matures ? lot.availableAt : endOfTime;
}

/** Points that expire on one date if they aren't spent before. */
export interface Expiry extends DatedPoints {
  /** How many of them are still pending. */
  readonly pendingPoints: bigint;
}

/** When the points of an account that is up to date expire, each date once, the soonest first. */
export function expiriesOf(account: Account): Expiry[] {
  const dates = byDate(account, (lot) => expiryOf(lot, account.membership));
  return dates.map(({ time, lots }) => ({
    time,
    points: total(lots),
    pendingPoints: total(lots.filter((lot) => isPending(lot, account))),
  }));
}

/** When the pending points of an account that is up to date become available, each date once, the soonest first. */
export function maturitiesOf(account: Account): DatedPoints[] {
  const dates = byDate(account, (lot) => maturityOf(lot, account));
  return dates.map(({ time, lots }) => ({ time, points: total(lots) }));
}

function byDate(
  { lots }: Account,
  dateOf: (lot: LotKey) => Instant,
): { time: Instant; lots: Lot[] }[] {
  const filled = lots.filter(({ remaining }) => remaining > 0n);
  return Array.from(Map.groupBy(filled, dateOf), ([time, lots]) => ({ time, lots }))
    .filter(({ time }) => time < endOfTime)
    .toSorted((a, b) => a.time - b.time);
}
