import { endOfTime, type Instant } from '@loyalty/rules/instant.ts';
import type { LimitPeriod } from '@loyalty/rules/limit-period.ts';
import type { Refusal } from './errors.ts';
import type { LotKey } from './lot.ts';

export type RedemptionState =
  | 'RESERVED'
  | 'CAPTURED'
  | 'CANCELLED'
  | 'EXPIRED'
  | 'REVERSED'
  | 'REJECTED';

/** Points that a redemption took from one lot. */
export interface RedemptionPart {
  readonly lot: LotKey;
  readonly points: bigint;
  /** How many of them a reversal gave back. */
  readonly returned: bigint;
}

/** Points reserved for, or spent on, a reward. */
export interface Redemption {
  readonly redemptionId: string;
  readonly membershipId: bigint;
  readonly programId: string;
  readonly idempotencyKey: string;
  readonly fingerprint: Uint8Array;
  /** The number of the entry that made it. */
  readonly sequence: bigint;
  readonly rewardId: string;
  /** The reward's name when it was redeemed. */
  readonly rewardDisplayName: string;
  /** What was requested; `quantity` and `points` are reduced by a partial capture. */
  readonly askedQuantity: number;
  readonly askedPoints: bigint;
  readonly quantity: number;
  readonly points: bigint;
  readonly reversedPoints: bigint;
  readonly state: RedemptionState;
  /** The lots that the points came from. */
  readonly parts: readonly RedemptionPart[];
  readonly reference: string;
  /** What the points of a conversion are worth; its parts are counted in points, not in units. */
  readonly value: { readonly currencyCode: string; readonly minorUnits: bigint } | undefined;
  /** Set for a conversion: the minor units that a number of points is worth. The reward's rate may change later. */
  readonly rate: { readonly points: bigint; readonly minorUnits: bigint } | undefined;
  readonly createTime: Instant;
  readonly holdExpiresAt: Instant | undefined;
  readonly madeByMember: boolean;
  readonly refusal: Refusal | undefined;
  /** Whether it counts against the reward's stock. */
  readonly stockTaken: boolean;
  /** The period in which it counts against the member's limit. */
  readonly usagePeriod: { readonly period: LimitPeriod; readonly start: Instant } | undefined;
}

/** Holds in the order of their deadlines, and of their ids where those are the same: the order in which they are released. */
export function byDeadline(holds: readonly Redemption[]): Redemption[] {
  return holds.toSorted(
    (a, b) =>
      (a.holdExpiresAt ?? endOfTime) - (b.holdExpiresAt ?? endOfTime) ||
      (a.redemptionId < b.redemptionId ? -1 : 1),
  );
}

/** Whether it is a hold whose deadline has passed. */
export function isOverdue({ state, holdExpiresAt = endOfTime }: Redemption, now: Instant): boolean {
  return state === 'RESERVED' && holdExpiresAt <= now;
}

/** The redemption as it is at `now`, whether or not the end of its hold has been written. */
export function redemptionAt(redemption: Redemption, now: Instant): Redemption {
  return isOverdue(redemption, now) ? { ...redemption, state: 'EXPIRED' } : redemption;
}

/** How many units count against stock and limits: those of redemptions that are RESERVED or CAPTURED. */
export function unitsTaken({ state, quantity }: Redemption): bigint {
  return state === 'RESERVED' || state === 'CAPTURED' ? BigInt(quantity) : 0n;
}
