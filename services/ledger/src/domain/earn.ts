import type { Instant } from './instant.ts';
import { type Account, type Cause, noChange, record, withMembership } from './journal.ts';
import type { Allocation, LotKey } from './lot.ts';
import { addPoints, smaller } from './points.ts';
import { settle } from './settle.ts';

export type EarnState = 'AWAITED' | 'POSTED' | 'REVERSED';

/** What one rule did, and why. `points` is an exact decimal or fraction. */
export interface ExplanationLine {
  readonly ruleId: string;
  readonly points: string;
  readonly note: string;
}

/** The one credit that a transaction led to. `Content` is the transaction as it was sent. */
export interface Earn<Content> {
  readonly programId: string;
  readonly transactionId: string;
  readonly membershipId: bigint;
  readonly state: EarnState;
  /** The number of the entry that credited it. */
  readonly sequence: bigint;
  readonly fingerprint: Uint8Array;
  readonly ruleSetVersion: number;
  /** The facts that the rules asked for; undefined where they asked for none. */
  readonly memberFacts: Readonly<Record<string, unknown>> | undefined;
  readonly points: bigint;
  readonly reversedPoints: bigint;
  readonly explanation: readonly ExplanationLine[];
  /** The lot that the points went to. */
  readonly lot: LotKey;
  readonly postTime: Instant;
  readonly transaction: Content;
}

/**
 * Credits points to a settled account. What can be spent at once pays the deficit first; points that come to the
 * ledger after their own expiry are credited and expire in the next line.
 *
 * @throws {LimitExceeded} when a balance would pass what can be represented
 */
export function postEarn(
  account: Account,
  earn: {
    points: bigint;
    lot: LotKey;
    /** Moves the date of all points that expire by inactivity. */
    inactivityExpiresAt?: Instant;
    transactionId: string;
    cause: Cause;
    now: Instant;
  },
): Account {
  const pending = earn.lot.availableAt > earn.now;
  const paid = pending ? 0n : smaller(earn.points, account.membership.deficit);
  const allocations: Allocation[] =
    earn.points === paid ? [] : [{ ...earn.lot, points: earn.points - paid }];
  const after = record(account, {
    kind: 'EARN',
    changes: pending
      ? { ...noChange, pending: earn.points }
      : { ...noChange, available: earn.points - paid, deficit: -paid },
    allocations,
    subject: { transactionId: earn.transactionId },
    cause: earn.cause,
    now: earn.now,
  });
  const moved = withMembership(after, {
    lifetimeEarned: addPoints(account.membership.lifetimeEarned, earn.points),
    ...(earn.inactivityExpiresAt === undefined
      ? {}
      : { inactivityExpiresAt: earn.inactivityExpiresAt }),
  });
  return settle(moved, earn.now);
}
