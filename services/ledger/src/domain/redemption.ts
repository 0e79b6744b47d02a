import type { Refusal } from './errors.ts';
import type { Instant } from './instant.ts';
import { type Account, type Cause, noChange, record, withMembership } from './journal.ts';
import { inConsumptionOrder, take } from './lot.ts';
import { addPoints } from './points.ts';
import { isPending } from './settle.ts';

export type RedemptionState =
  | 'RESERVED'
  | 'CAPTURED'
  | 'CANCELLED'
  | 'EXPIRED'
  | 'REVERSED'
  | 'REJECTED';

/** Points reserved for, or spent on, a reward. */
export interface Redemption {
  readonly redemptionId: string;
  readonly membershipId: bigint;
  readonly idempotencyKey: string;
  readonly fingerprint: Uint8Array;
  /** The number of the entry that made it. */
  readonly sequence: bigint;
  readonly rewardId: string;
  readonly quantity: number;
  readonly state: RedemptionState;
  readonly points: bigint;
  readonly reversedPoints: bigint;
  readonly reference: string;
  /** What the points of a conversion are worth. */
  readonly value: { readonly currencyCode: string; readonly minorUnits: bigint } | undefined;
  readonly createTime: Instant;
  readonly holdExpiresAt: Instant | undefined;
  readonly madeByMember: boolean;
  readonly refusal: Refusal | undefined;
  /** Whether it counts against the reward's stock. */
  readonly stockTaken: boolean;
  /** The period in which it counts against the member's limit. */
  readonly usagePeriod: { readonly period: string; readonly start: Instant } | undefined;
}

/** How many points are missing for a price; 0n or less when none are. */
export function missingPoints(account: Account, points: bigint): bigint {
  return points - account.membership.available;
}

/** Spends available points of a settled account at once. There must be enough. */
export function spend(
  account: Account,
  redemption: { points: bigint; redemptionId: string; cause: Cause; now: Instant },
): Account {
  const spendable = account.lots.filter((lot) => !isPending(lot, account));
  const after = record(account, {
    kind: 'CAPTURE',
    changes: { ...noChange, available: -redemption.points },
    allocations: take(inConsumptionOrder(spendable, account.membership), redemption.points),
    subject: { redemptionId: redemption.redemptionId },
    cause: redemption.cause,
    now: redemption.now,
  });
  return withMembership(after, {
    lifetimeRedeemed: addPoints(account.membership.lifetimeRedeemed, redemption.points),
  });
}

/** Notes a refusal in the journal; no points move. */
export function refuse(
  account: Account,
  redemption: { redemptionId: string; reason: string; cause: Cause; now: Instant },
): Account {
  return record(account, {
    kind: 'REJECT',
    changes: noChange,
    allocations: [],
    subject: { redemptionId: redemption.redemptionId, reason: redemption.reason },
    cause: redemption.cause,
    now: redemption.now,
  });
}
