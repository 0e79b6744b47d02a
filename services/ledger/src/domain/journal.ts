import type { Author } from '@loyalty/rules/author.ts';
import { endOfTime, type Instant } from '@loyalty/rules/instant.ts';
import type { Attributes, AttributesChange } from './attributes.ts';
import { movedInactivity } from './inactivity.ts';
import { type Allocation, allocate, type Lot } from './lot.ts';
import type { Membership } from './membership.ts';
import { addPoints } from './points.ts';
import type { Redemption } from './redemption-state.ts';

export type EntryKind =
  | 'JOINED'
  | 'EARN'
  | 'MATURE'
  | 'EXPIRE'
  | 'RESERVE'
  | 'CAPTURE'
  | 'RELEASE'
  | 'REJECT'
  | 'RETURN'
  | 'REFUND'
  | 'ADJUST'
  | 'FORFEIT'
  | 'SUSPENDED'
  | 'RESUMED'
  | 'LEFT'
  | 'UPDATED';

/** The four signed changes of an entry. Its points are available + pending + reserved - deficit. */
export interface Changes {
  readonly available: bigint;
  readonly pending: bigint;
  readonly reserved: bigint;
  readonly deficit: bigint;
}

export const noChange: Changes = { available: 0n, pending: 0n, reserved: 0n, deficit: 0n };

/** The actor of a member's own acts, without their id, which the membership has. */
export const memberActor = 'member';

/** The author of what time itself brings about, such as expiry. */
export const passingOfTime: Author = { actor: 'system', requestId: '' };

/** What an entry is about. */
export interface Subject {
  readonly transactionId?: string;
  readonly redemptionId?: string;
  readonly refundId?: string;
  readonly reason?: string;
  readonly note?: string;
}

/** What an entry changed in a membership besides its points; what is absent stayed as it was. */
export interface MembershipChange {
  readonly attributesChange?: AttributesChange;
  /** When the user joined; set for JOINED. */
  readonly joinTime?: Instant;
  /** The date to which it moved the points that expire by inactivity. */
  readonly inactivityExpiresAt?: Instant;
}

/** An immutable entry of a membership's journal. */
export interface Entry extends Changes, Subject, MembershipChange, Author {
  readonly sequence: bigint;
  readonly kind: EntryKind;
  /** The available points after it. */
  readonly balanceAfter: bigint;
  readonly pendingAfter: bigint;
  readonly reservedAfter: bigint;
  readonly deficitAfter: bigint;
  readonly createTime: Instant;
  /** How much it took from which lots, or gave to them. */
  readonly allocations: readonly Allocation[];
  /** When points of class INACTIVITY expired at that time, if the entry didn't move that date itself. */
  readonly lotsExpireAt?: Instant;
}

/** A membership with what it holds, and the entries that were added to its journal since it was read. */
export interface Account {
  readonly membership: Membership;
  readonly lots: readonly Lot[];
  /** All that hold points, and others that the running command needs. */
  readonly redemptions: readonly Redemption[];
  readonly entries: readonly Entry[];
  /** The instant up to which maturity is written, while the account is being brought up to the newest entry's time. */
  readonly maturedUntil?: Instant;
}

/** How much the total of a member's points changes; points that they owe count as negative. */
export function pointsOf(changes: Changes): bigint {
  return changes.available + changes.pending + changes.reserved - changes.deficit;
}

/** An entry to {@link record}. */
export interface NewEntry {
  readonly kind: EntryKind;
  readonly changes: Changes;
  readonly allocations: readonly Allocation[];
  readonly subject?: Subject;
  /** The member's attributes after it, where it may change them. */
  readonly attributes?: Attributes;
  /** When the user joined, where it makes a member. */
  readonly joinTime?: Instant;
  /** All points that the member was ever credited with, where it adds to them. */
  readonly lifetimeEarned?: bigint;
  /** The date that an activity gives to points that expire by inactivity; it only ever moves forward. */
  readonly inactivityExpiresAt?: Instant | undefined;
  readonly author: Author;
  readonly now: Instant;
}

/** What only {@link record} changes, so that the journal has every change of it. */
type Recorded = 'attributes' | 'attributesRevision' | 'joinTime' | 'inactivityExpiresAt';

/**
 * Adds an entry to the journal: the one place where balances and lots change, and what else can be derived from the
 * journal again.
 *
 * @throws {LimitExceeded} when it adds points to more than can be represented
 */
export function record(account: Account, added: NewEntry): Account {
  const { membership } = account;
  refuseBeyondMaximum(membership, added.changes);
  const available = membership.available + added.changes.available;
  const pending = membership.pending + added.changes.pending;
  const reserved = membership.reserved + added.changes.reserved;
  const deficit = membership.deficit + added.changes.deficit;
  const change = membershipChange(membership, added);
  const entry: Entry = {
    ...added.changes,
    ...added.subject,
    ...change,
    ...lotsDate(membership, added, change),
    actor: added.author.actor,
    requestId: added.author.requestId,
    sequence: membership.lastSequence + 1n,
    kind: added.kind,
    balanceAfter: available,
    pendingAfter: pending,
    reservedAfter: reserved,
    deficitAfter: deficit,
    createTime: added.now,
    allocations: added.allocations,
  };
  return {
    membership: {
      ...membership,
      ...membershipValues(membership, change),
      lastSequence: entry.sequence,
      lastEntryTime: added.now,
      available,
      pending,
      reserved,
      deficit,
      lifetimeEarned: added.lifetimeEarned ?? membership.lifetimeEarned,
    },
    lots: allocate(account.lots, added.allocations),
    redemptions: account.redemptions,
    entries: [...account.entries, entry],
  };
}

function membershipChange(membership: Membership, entry: NewEntry): MembershipChange {
  const { attributes: after, joinTime } = entry;
  const { attributes: before } = membership;
  const inactivity = movedInactivity(membership.inactivityExpiresAt, entry.inactivityExpiresAt);
  return {
    ...(after !== undefined && after !== before && { attributesChange: { before, after } }),
    ...(joinTime !== undefined && { joinTime }),
    ...(inactivity !== undefined && { inactivityExpiresAt: inactivity }),
  };
}

/** The date that the entry's event needs and that later entries move. */
function lotsDate(
  { inactivityExpiresAt: lotsExpireAt }: Membership,
  { allocations }: NewEntry,
  change: MembershipChange,
): Pick<Entry, 'lotsExpireAt'> {
  const isMoved = change.inactivityExpiresAt !== undefined || lotsExpireAt === endOfTime;
  const isNeeded = !isMoved && allocations.some((each) => each.class === 'INACTIVITY');
  return isNeeded ? { lotsExpireAt } : {};
}

/** What the change leaves in the membership. */
function membershipValues(
  { attributesRevision }: Membership,
  { attributesChange, ...values }: MembershipChange,
): Partial<Membership> {
  if (attributesChange === undefined) return values;
  const { after: attributes } = attributesChange;
  return { ...values, attributes, attributesRevision: attributesRevision + 1n };
}

/**
 * Refuses what adds points, and nothing else: points that mature, and holds that end, only move between the balances, and
 * no one could be asked to take them back. So all that a member has counts together.
 */
function refuseBeyondMaximum(membership: Membership, changes: Changes): void {
  const added = changes.available + changes.pending + changes.reserved;
  if (added > 0n) addPoints(membership.available + membership.pending + membership.reserved, added);
  if (changes.deficit > 0n) addPoints(membership.deficit, changes.deficit);
}

/** The account with other values in its membership that no entry records. */
export function withMembership(
  account: Account,
  changes: Partial<Omit<Membership, Recorded>>,
): Account {
  return { ...account, membership: { ...account.membership, ...changes } };
}

/** The account with the redemption as it is now, whether it had it before or not. */
export function withRedemption(account: Account, redemption: Redemption): Account {
  const others = account.redemptions.filter(
    ({ redemptionId }) => redemptionId !== redemption.redemptionId,
  );
  return { ...account, redemptions: [...others, redemption] };
}
