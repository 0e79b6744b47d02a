import { endOfTime, type Instant } from '@loyalty/rules/instant.ts';
import { bringUpToDate } from './bring-up-to-date.ts';
import { type Account, pointsOf } from './journal.ts';
import { expiryOf } from './lot.ts';
import { type MembershipState, nowOf } from './membership.ts';
import { isWithin, type Period } from './period.ts';
import { isOverdue, unitsTaken } from './redemption-state.ts';

/** The kinds of entries that change how many points a member has, or owes. */
export const kindsWithPoints = [
  'EARN',
  'CAPTURE',
  'RETURN',
  'EXPIRE',
  'REFUND',
  'ADJUST',
  'FORFEIT',
] as const;
export type KindWithPoints = (typeof kindsWithPoints)[number];

/** What is to be summed up. */
export interface TotalsQuery {
  readonly asOf: Instant;
  readonly period: Period;
  /** The starts of consecutive months; the first is not after `asOf`. */
  readonly months: readonly Instant[];
}

/** Sums over memberships. Several may exceed what one membership can have. */
export interface ProgramTotals {
  readonly members: Readonly<Record<MembershipState, bigint>>;
  readonly available: bigint;
  readonly pending: bigint;
  readonly reserved: bigint;
  readonly deficit: bigint;
  /**
   * Points by the month in which they can last be spent, one for each start of the query: those that expire with the
   * first instant of a month belong to the one before. The last one includes all later months.
   */
  readonly expiring: readonly bigint[];
  readonly neverExpiring: bigint;
  /** The points of the period's entries, with their sign. */
  readonly moved: Readonly<Record<KindWithPoints, bigint>>;
  /** Units by reward, of those that have ever had a limited stock. */
  readonly stockTaken: ReadonlyMap<string, bigint>;
}

export function noTotals({ months }: TotalsQuery): ProgramTotals {
  return {
    members: { ACTIVE: 0n, SUSPENDED: 0n, LEFT: 0n },
    available: 0n,
    pending: 0n,
    reserved: 0n,
    deficit: 0n,
    expiring: months.map(() => 0n),
    neverExpiring: 0n,
    moved: { EARN: 0n, CAPTURE: 0n, RETURN: 0n, EXPIRE: 0n, REFUND: 0n, ADJUST: 0n, FORFEIT: 0n },
    stockTaken: new Map(),
  };
}

/**
 * Adds accounts for which something is due: as they are once it is written, with the entries that write it. The accounts
 * have all of their lots and all of their holds that have ended. The journal so far isn't counted, and neither is the
 * stock except for what the ends of holds give back.
 */
export function addDueAccounts(
  totals: ProgramTotals,
  accounts: readonly Account[],
  query: TotalsQuery,
): ProgramTotals {
  const members = { ...totals.members };
  const moved = { ...totals.moved };
  const expiring = [...totals.expiring];
  const stockTaken = new Map(totals.stockTaken);
  let { available, pending, reserved, deficit, neverExpiring } = totals;
  for (const account of accounts) {
    const now = nowOf(account, query.asOf);
    const { membership, lots, entries } = bringUpToDate(account, now);
    members[membership.state] += 1n;
    available += membership.available;
    pending += membership.pending;
    reserved += membership.reserved;
    deficit += membership.deficit;
    for (const lot of lots) {
      const month = monthOf(expiryOf(lot, membership), query.months);
      if (month === undefined) neverExpiring += lot.remaining;
      else expiring[month] = (expiring[month] ?? 0n) + lot.remaining;
    }
    for (const entry of entries) {
      if (!hasPoints(entry) || !isWithin(entry.createTime, query.period)) continue;
      moved[entry.kind] += pointsOf(entry);
    }
    for (const hold of account.redemptions) {
      if (!hold.stockTaken || !isOverdue(hold, now)) continue;
      const taken = stockTaken.get(hold.rewardId) ?? 0n;
      stockTaken.set(hold.rewardId, taken - unitsTaken(hold));
    }
  }
  return {
    members,
    available,
    pending,
    reserved,
    deficit,
    expiring,
    neverExpiring,
    moved,
    stockTaken,
  };
}

/** The index of the last month that starts before an expiry; undefined for points that don't expire. */
function monthOf(expiry: Instant, months: readonly Instant[]): number | undefined {
  if (expiry === endOfTime) return undefined;
  return Math.max(
    months.findLastIndex((start) => start < expiry),
    0,
  );
}

function hasPoints<Entry extends { kind: string }>(
  entry: Entry,
): entry is Entry & { kind: KindWithPoints } {
  return kindsWithPoints.some((kind) => kind === entry.kind);
}
