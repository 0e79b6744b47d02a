import { instant, type Timestamp } from '@loyalty/platform/postgres/timestamptz.ts';
import type { Attributes } from '../domain/attributes.ts';
import { nextDueAt } from '../domain/bring-up-to-date.ts';
import type { Account } from '../domain/journal.ts';
import type { Lot, LotClass, LotKey } from '../domain/lot.ts';
import type { Membership, MembershipState } from '../domain/membership.ts';
import { bulk, type Columns } from './bulk.ts';

export interface MembershipRow {
  membership_id: bigint;
  program_id: string;
  user_id: string;
  state: MembershipState;
  suspended: boolean;
  attributes: Attributes;
  attributes_revision: bigint;
  join_time: Timestamp;
  last_sequence: bigint;
  last_entry_time: Timestamp;
  available: bigint;
  pending: bigint;
  reserved: bigint;
  deficit: bigint;
  lifetime_earned: bigint;
  lifetime_redeemed: bigint;
  lifetime_expired: bigint;
  inactivity_expires_at: Timestamp;
  earn_window_start: Timestamp;
  earn_window_count: number;
  redemption_window_start: Timestamp;
  redemption_window_count: number;
}

/** The columns of a {@link MembershipRow}. What else the table has would be formatted and parsed for nothing. */
export const membershipNames = (
  [
    'membership_id',
    'program_id',
    'user_id',
    'state',
    'suspended',
    'attributes',
    'attributes_revision',
    'join_time',
    'last_sequence',
    'last_entry_time',
    'available',
    'pending',
    'reserved',
    'deficit',
    'lifetime_earned',
    'lifetime_redeemed',
    'lifetime_expired',
    'inactivity_expires_at',
    'earn_window_start',
    'earn_window_count',
    'redemption_window_start',
    'redemption_window_count',
  ] satisfies (keyof MembershipRow)[]
).join(', ');

export function membershipOf(row: MembershipRow): Membership {
  return {
    membershipId: row.membership_id,
    programId: row.program_id,
    userId: row.user_id,
    state: row.state,
    suspended: row.suspended,
    attributes: row.attributes,
    attributesRevision: row.attributes_revision,
    joinTime: instant(row.join_time),
    lastSequence: row.last_sequence,
    lastEntryTime: instant(row.last_entry_time),
    available: row.available,
    pending: row.pending,
    reserved: row.reserved,
    deficit: row.deficit,
    lifetimeEarned: row.lifetime_earned,
    lifetimeRedeemed: row.lifetime_redeemed,
    lifetimeExpired: row.lifetime_expired,
    inactivityExpiresAt: instant(row.inactivity_expires_at),
    earnWindow: { start: instant(row.earn_window_start), count: row.earn_window_count },
    redemptionWindow: {
      start: instant(row.redemption_window_start),
      count: row.redemption_window_count,
    },
  };
}

/** The columns that every change of points touches. */
const pointColumns = {
  membership_id: ['bigint', ({ membership }) => membership.membershipId],
  last_sequence: ['bigint', ({ membership }) => membership.lastSequence],
  last_entry_time: ['timestamptz', ({ membership }) => membership.lastEntryTime],
  available: ['bigint', ({ membership }) => membership.available],
  pending: ['bigint', ({ membership }) => membership.pending],
  reserved: ['bigint', ({ membership }) => membership.reserved],
  deficit: ['bigint', ({ membership }) => membership.deficit],
  lifetime_earned: ['bigint', ({ membership }) => membership.lifetimeEarned],
  lifetime_redeemed: ['bigint', ({ membership }) => membership.lifetimeRedeemed],
  lifetime_expired: ['bigint', ({ membership }) => membership.lifetimeExpired],
  inactivity_expires_at: ['timestamptz', ({ membership }) => membership.inactivityExpiresAt],
  next_due_at: ['timestamptz', (account) => nextDueAt(account)],
} satisfies Columns<Account>;

/** The columns that change now and then. */
const memberColumns = {
  state: ['text', ({ membership }) => membership.state],
  suspended: ['boolean', ({ membership }) => membership.suspended],
  attributes: ['jsonb', ({ membership }) => JSON.stringify(membership.attributes)],
  attributes_revision: ['bigint', ({ membership }) => membership.attributesRevision],
  join_time: ['timestamptz', ({ membership }) => membership.joinTime],
  earn_window_start: ['timestamptz', ({ membership }) => membership.earnWindow.start],
  earn_window_count: ['integer', ({ membership }) => membership.earnWindow.count],
  redemption_window_start: ['timestamptz', ({ membership }) => membership.redemptionWindow.start],
  redemption_window_count: ['integer', ({ membership }) => membership.redemptionWindow.count],
} satisfies Columns<Account>;

export const membershipPoints = bulk<Account>(pointColumns);

const { membership_id, last_sequence, last_entry_time, available, lifetime_earned } = pointColumns;

/** The columns that a credit touches if it is available at once and pays no deficit, as most earns do. */
export const membershipCredit = bulk<Account>({
  membership_id,
  last_sequence,
  last_entry_time,
  available,
  lifetime_earned,
});

/** Whether more than {@link membershipCredit} changed of the points. */
export function pointsMoved(before: Account, after: Account): boolean {
  const [old, present] = [before.membership, after.membership];
  return (
    old.pending !== present.pending ||
    old.reserved !== present.reserved ||
    old.deficit !== present.deficit ||
    old.lifetimeRedeemed !== present.lifetimeRedeemed ||
    old.lifetimeExpired !== present.lifetimeExpired ||
    old.inactivityExpiresAt !== present.inactivityExpiresAt ||
    nextDueAt(before) !== nextDueAt(after)
  );
}

export const wholeMembership = bulk<Account>({
  ...pointColumns,
  ...memberColumns,
  program_id: ['text', ({ membership }) => membership.programId],
  user_id: ['text', ({ membership }) => membership.userId],
});

/** Whether more than points changed of a membership. */
export function memberChanged(before: Membership, after: Membership): boolean {
  return (
    before.state !== after.state ||
    before.suspended !== after.suspended ||
    before.attributes !== after.attributes ||
    before.joinTime !== after.joinTime ||
    before.earnWindow !== after.earnWindow ||
    before.redemptionWindow !== after.redemptionWindow
  );
}

export interface LotRow {
  membership_id: bigint;
  available_at: Timestamp;
  expires_at: Timestamp;
  class: LotClass;
  remaining: bigint;
}

export function lotOf(row: LotRow): Lot {
  return {
    availableAt: instant(row.available_at),
    expiresAt: instant(row.expires_at),
    class: row.class,
    remaining: row.remaining,
  };
}

/** A lot with the membership that it belongs to. */
export type OwnedLot<Value extends LotKey> = Value & { readonly membershipId: bigint };

export const lotColumns = bulk<OwnedLot<Lot>>({
  membership_id: ['bigint', (lot) => lot.membershipId],
  available_at: ['timestamptz', (lot) => lot.availableAt],
  expires_at: ['timestamptz', (lot) => lot.expiresAt],
  class: ['text', (lot) => lot.class],
  remaining: ['bigint', (lot) => lot.remaining],
});
