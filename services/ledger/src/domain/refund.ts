import type { Author } from '@loyalty/rules/author.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import { isPending } from './bring-up-to-date.ts';
import { type Account, noChange, record, withMembership } from './journal.ts';
import { inConsumptionOrder, type LotKey, sameLot, take } from './lot.ts';
import { addPoints, smaller } from './points.ts';

export type RefundState = 'WAITING' | 'APPLIED' | 'REJECTED' | 'CANCELLED';

/** What happens to points that a refund takes back but the member no longer has. */
export type ShortfallPolicy = 'DEFICIT' | 'FORGIVE';

/** What a refund took back. Its points are taken + lapsed + owed + forgiven. */
export interface RefundOutcome {
  readonly points: bigint;
  /** Taken from the balance. */
  readonly taken: bigint;
  /** Expired or forfeited before, so that they cost nothing now. */
  readonly lapsed: bigint;
  /** Added to the deficit. */
  readonly owed: bigint;
  readonly forgiven: bigint;
}

/** Points that an entry took from a lot because they expired or were forfeited. */
export interface Lapse {
  /** The entry's number. */
  readonly sequence: bigint;
  readonly points: bigint;
}

/** A refund of a purchase. `Extent` is how much of the purchase it gives back, as it was sent. */
export interface Refund<Extent> extends RefundOutcome {
  readonly programId: string;
  readonly transactionId: string;
  readonly refundId: string;
  readonly state: RefundState;
  readonly fingerprint: Uint8Array;
  readonly extent: Extent;
  readonly createTime: Instant;
  /** Its number among the refunds of its purchase, from 1, as they arrived: the order in which they are applied. */
  readonly arrival: number;
}

export const nothingTaken: RefundOutcome = {
  points: 0n,
  taken: 0n,
  lapsed: 0n,
  owed: 0n,
  forgiven: 0n,
};

/**
 * Takes points of an earn back from an account that is up to date: first those of the earn's lot that are gone since, then the
 * rest of that lot, pending or not, then other lots as they would be spent, never what is reserved; what is
 * still missing is owed or forgiven.
 *
 * @throws {LimitExceeded} when the deficit would pass what can be represented
 */
export function takeBack(
  account: Account,
  refund: {
    points: bigint;
    /** Where the earn's points went, and the number of the entry that credited them. */
    earn: { readonly lot: LotKey; readonly sequence: bigint };
    /** What the lot lost and no refund has counted yet, the oldest first. */
    lapses: readonly Lapse[];
    shortfall: ShortfallPolicy;
    transactionId: string;
    refundId: string;
    author: Author;
    now: Instant;
  },
): { account: Account; outcome: RefundOutcome; counted: Lapse[] } {
  const { lot, sequence } = refund.earn;
  // What the lot lost before can't have been of this earn.
  const counted = firstOf(
    refund.lapses.filter((lapse) => lapse.sequence > sequence),
    refund.points,
  );
  const lapsed = counted.reduce((sum, { points }) => sum + points, 0n);
  const fromOwn = takeUpTo(account, {
    points: refund.points - lapsed,
    lots: account.lots.filter((each) => sameLot(each, lot)),
  });
  const others = account.lots.filter((each) => !sameLot(each, lot) && !isPending(each, account));
  const fromOthers = takeUpTo(account, {
    points: refund.points - lapsed - fromOwn.points,
    lots: inConsumptionOrder(others, account.membership),
  });
  const taken = fromOwn.points + fromOthers.points;
  const missing = refund.points - lapsed - taken;
  const owed = refund.shortfall === 'DEFICIT' ? missing : 0n;
  const pending = fromOwn.pending;
  const after = record(account, {
    kind: 'REFUND',
    changes: { ...noChange, available: pending - taken, pending: -pending, deficit: owed },
    allocations: [...fromOwn.allocations, ...fromOthers.allocations],
    subject: { transactionId: refund.transactionId, refundId: refund.refundId },
    author: refund.author,
    now: refund.now,
  });
  const { lifetimeEarned } = account.membership;
  return {
    account: withMembership(after, {
      lifetimeEarned: addPoints(lifetimeEarned, -refund.points),
    }),
    outcome: { points: refund.points, taken, lapsed, owed, forgiven: missing - owed },
    counted,
  };
}

/** Writes an entry for a waiting refund that turned out to exceed its purchase. */
export function rejectRefund(
  account: Account,
  refund: {
    transactionId: string;
    refundId: string;
    reason: string;
    author: Author;
    now: Instant;
  },
): Account {
  const { transactionId, refundId, reason, author, now } = refund;
  return record(account, {
    kind: 'REFUND',
    changes: noChange,
    allocations: [],
    subject: { transactionId, refundId, reason },
    author,
    now,
  });
}

/** The first `points` points of the lapses, or all if there are fewer. */
function firstOf(lapses: readonly Lapse[], points: bigint): Lapse[] {
  const first: Lapse[] = [];
  let missing = points;
  for (const lapse of lapses) {
    const taken = smaller(lapse.points, missing);
    if (taken > 0n) first.push({ ...lapse, points: taken });
    missing -= taken;
  }
  return first;
}

/** Takes points from the lots, or as many as they have. */
function takeUpTo(
  account: Account,
  { points, lots }: { points: bigint; lots: Account['lots'] },
): { points: bigint; pending: bigint; allocations: ReturnType<typeof take> } {
  const there = lots.reduce((sum, { remaining }) => sum + remaining, 0n);
  const allocations = take(lots, smaller(points, there));
  const pending = allocations
    .filter((allocation) => isPending(allocation, account))
    .reduce((sum, each) => sum - each.points, 0n);
  return { points: smaller(points, there), pending, allocations };
}
