import type { Instant } from '@loyalty/rules/instant.ts';
import { smaller } from './points.ts';

/** NORMAL: dates of its own. INACTIVITY: expires with the membership's inactivity. GRACE: restored with a grace. */
export type LotClass = 'NORMAL' | 'INACTIVITY' | 'GRACE';

/** What distinguishes the lots of a membership. `availableAt` is the beginning of time for points that never had to mature. */
export interface LotKey {
  readonly availableAt: Instant;
  /** The end of time where points don't expire, and for class INACTIVITY, whose date is the membership's. */
  readonly expiresAt: Instant;
  readonly class: LotClass;
}

/** Points of one membership that mature and expire together: a bucket, shared by earns. */
export interface Lot extends LotKey {
  readonly remaining: bigint;
}

/** Points that an entry took from a lot (negative) or gave to it. */
export interface Allocation extends LotKey {
  readonly points: bigint;
}

export function sameLot(a: LotKey, b: LotKey): boolean {
  return a.availableAt === b.availableAt && a.expiresAt === b.expiresAt && a.class === b.class;
}

/** The points that are left in all of the lots. */
export function total(lots: readonly Lot[]): bigint {
  return lots.reduce((sum, { remaining }) => sum + remaining, 0n);
}

/** When the points of a lot expire. */
export function expiryOf(lot: LotKey, membership: { inactivityExpiresAt: Instant }): Instant {
  return lot.class === 'INACTIVITY' ? membership.inactivityExpiresAt : lot.expiresAt;
}

/** The lots in the order in which points are spent: what expires first goes first, then what matured first. */
export function inConsumptionOrder(
  lots: readonly Lot[],
  membership: { inactivityExpiresAt: Instant },
): Lot[] {
  return lots.toSorted((a, b) => compareConsumption(a, b, membership));
}

/** Negative when points of the first lot are spent before those of the second. */
export function compareConsumption(
  a: LotKey,
  b: LotKey,
  membership: { inactivityExpiresAt: Instant },
): number {
  return (
    ascending(expiryOf(a, membership), expiryOf(b, membership)) ||
    ascending(a.availableAt, b.availableAt) ||
    (a.class < b.class ? -1 : 1)
  );
}

// Not a difference: that of two infinities is NaN.
function ascending(a: Instant, b: Instant): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Takes points from lots in the order given, and returns how much each gave. They must have enough. */
export function take(lots: readonly Lot[], points: bigint): Allocation[] {
  const allocations: Allocation[] = [];
  let missing = points;
  for (const lot of lots) {
    if (missing === 0n) break;
    const taken = smaller(lot.remaining, missing);
    if (taken === 0n) continue;
    allocations.push({ ...keyOf(lot), points: -taken });
    missing -= taken;
  }
  if (missing > 0n) throw new Error(`the lots lack ${missing} points that the balance has`);
  return allocations;
}

/** One allocation for each lot that gains or loses by all of these together. */
export function sumAllocations(...lists: readonly (readonly Allocation[])[]): Allocation[] {
  const sums: Allocation[] = [];
  for (const allocation of lists.flat()) {
    const index = sums.findIndex((sum) => sameLot(sum, allocation));
    const sum = sums[index];
    if (sum === undefined) sums.push(allocation);
    else sums[index] = { ...sum, points: sum.points + allocation.points };
  }
  return sums.filter(({ points }) => points !== 0n);
}

/** The lots after the allocations. Lots that are empty stay in the list, so that a store can remove them. */
export function allocate(lots: readonly Lot[], allocations: readonly Allocation[]): readonly Lot[] {
  if (allocations.length === 0) return lots;
  const after = [...lots];
  for (const allocation of allocations) {
    const index = after.findIndex((lot) => sameLot(lot, allocation));
    const lot = after[index];
    if (lot === undefined) {
      after.push({ ...keyOf(allocation), remaining: allocation.points });
    } else {
      after[index] = { ...lot, remaining: lot.remaining + allocation.points };
    }
  }
  return after;
}

function keyOf({ availableAt, expiresAt, class: lotClass }: LotKey): LotKey {
  return { availableAt, expiresAt, class: lotClass };
}
