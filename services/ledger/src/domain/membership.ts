import type { Instant } from '@loyalty/rules/instant.ts';
import { beginningOfTime, endOfTime } from '@loyalty/rules/instant.ts';
import type { Attributes } from './attributes.ts';

export type MembershipState = 'ACTIVE' | 'SUSPENDED' | 'LEFT';

/** A running minute of a velocity limit. */
export interface VelocityWindow {
  readonly start: Instant;
  readonly count: number;
}

/** A user in a program. Points are whole numbers; all except the deficit are what the member has. */
export interface Membership {
  readonly membershipId: bigint;
  readonly programId: string;
  readonly userId: string;
  readonly state: MembershipState;
  /** Outlasts leaving: a user who comes back is still suspended. */
  readonly suspended: boolean;
  readonly attributes: Attributes;
  /** How often the attributes have changed. */
  readonly attributesRevision: bigint;
  readonly joinTime: Instant;
  readonly lastSequence: bigint;
  /** The time of the newest entry. Lots that mature at or before it count as available. */
  readonly lastEntryTime: Instant;
  readonly available: bigint;
  readonly pending: bigint;
  readonly reserved: bigint;
  readonly deficit: bigint;
  readonly lifetimeEarned: bigint;
  readonly lifetimeRedeemed: bigint;
  readonly lifetimeExpired: bigint;
  /** When all lots of class INACTIVITY expire. */
  readonly inactivityExpiresAt: Instant;
  readonly earnWindow: VelocityWindow;
  readonly redemptionWindow: VelocityWindow;
}

/**
 * The instant at which something happens to an account, or to a user who has none yet: the clock's, but a journal never
 * goes back in time, even if the clock of the process that wrote it last is ahead of ours.
 */
export function nowOf(
  account: { readonly membership: Membership } | undefined,
  clock: Instant,
): Instant {
  return Math.max(clock, account?.membership.lastEntryTime ?? beginningOfTime);
}

const noAttempts: VelocityWindow = { start: beginningOfTime, count: 0 };

/** A membership before its first entry. */
export function newMembership(identity: {
  membershipId: bigint;
  programId: string;
  userId: string;
  joinTime: Instant;
}): Membership {
  return {
    ...identity,
    state: 'ACTIVE',
    suspended: false,
    attributes: {},
    attributesRevision: 0n,
    lastSequence: 0n,
    lastEntryTime: beginningOfTime,
    available: 0n,
    pending: 0n,
    reserved: 0n,
    deficit: 0n,
    lifetimeEarned: 0n,
    lifetimeRedeemed: 0n,
    lifetimeExpired: 0n,
    inactivityExpiresAt: endOfTime,
    earnWindow: noAttempts,
    redemptionWindow: noAttempts,
  };
}
