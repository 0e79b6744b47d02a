import { decodeTransaction, encodeTransaction } from '@loyalty/rules/transaction-encoding.ts';
import type { PostedEarn } from '../app/ledger-store.ts';
import type { Earn, EarnState } from '../domain/earn.ts';
import type { RefusalReason } from '../domain/errors.ts';
import type { Instant } from '../domain/instant.ts';
import type { Account, Entry, EntryKind } from '../domain/journal.ts';
import type { Lot, LotClass, LotKey } from '../domain/lot.ts';
import type { Membership, MembershipState } from '../domain/membership.ts';
import type { Redemption, RedemptionState } from '../domain/redemption.ts';
import { nextDueAt } from '../domain/settle.ts';
import { bulk } from './bulk.ts';
import { instant, timestamptz } from './timestamps.ts';

/** A timestamptz column as pg reads it: infinite ones are numbers. */
type Timestamp = Date | number;

export interface MembershipRow {
  membership_id: bigint;
  program_id: string;
  user_id: string;
  state: MembershipState;
  attributes: Record<string, string>;
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

export function membershipOf(row: MembershipRow): Membership {
  return {
    membershipId: row.membership_id,
    programId: row.program_id,
    userId: row.user_id,
    state: row.state,
    attributes: row.attributes,
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

export const membershipColumns = bulk<Account>({
  membership_id: ['bigint', ({ membership }) => membership.membershipId],
  program_id: ['text', ({ membership }) => membership.programId],
  user_id: ['text', ({ membership }) => membership.userId],
  state: ['text', ({ membership }) => membership.state],
  attributes: ['jsonb', ({ membership }) => JSON.stringify(membership.attributes)],
  join_time: ['timestamptz', ({ membership }) => timestamptz(membership.joinTime)],
  last_sequence: ['bigint', ({ membership }) => membership.lastSequence],
  last_entry_time: ['timestamptz', ({ membership }) => timestamptz(membership.lastEntryTime)],
  available: ['bigint', ({ membership }) => membership.available],
  pending: ['bigint', ({ membership }) => membership.pending],
  reserved: ['bigint', ({ membership }) => membership.reserved],
  deficit: ['bigint', ({ membership }) => membership.deficit],
  lifetime_earned: ['bigint', ({ membership }) => membership.lifetimeEarned],
  lifetime_redeemed: ['bigint', ({ membership }) => membership.lifetimeRedeemed],
  lifetime_expired: ['bigint', ({ membership }) => membership.lifetimeExpired],
  inactivity_expires_at: [
    'timestamptz',
    ({ membership }) => timestamptz(membership.inactivityExpiresAt),
  ],
  next_due_at: ['timestamptz', (account) => timestamptz(nextDueAt(account))],
  earn_window_start: ['timestamptz', ({ membership }) => timestamptz(membership.earnWindow.start)],
  earn_window_count: ['integer', ({ membership }) => membership.earnWindow.count],
  redemption_window_start: [
    'timestamptz',
    ({ membership }) => timestamptz(membership.redemptionWindow.start),
  ],
  redemption_window_count: ['integer', ({ membership }) => membership.redemptionWindow.count],
});

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
  available_at: ['timestamptz', (lot) => timestamptz(lot.availableAt)],
  expires_at: ['timestamptz', (lot) => timestamptz(lot.expiresAt)],
  class: ['text', (lot) => lot.class],
  remaining: ['bigint', (lot) => lot.remaining],
});

export interface EarnRow {
  program_id: string;
  transaction_id: string;
  membership_id: bigint;
  state: EarnState;
  sequence: bigint;
  fingerprint: Buffer;
  rule_set_version: number;
  member_facts: Record<string, unknown> | null;
  points: bigint;
  reversed_points: bigint;
  explanation: [ruleId: string, points: string, note: string][];
  available_at: Timestamp;
  expires_at: Timestamp;
  lot_class: LotClass;
  post_time: Timestamp;
  transaction: Buffer;
}

export function earnOf(row: EarnRow): PostedEarn {
  return {
    programId: row.program_id,
    transactionId: row.transaction_id,
    membershipId: row.membership_id,
    state: row.state,
    sequence: row.sequence,
    fingerprint: row.fingerprint,
    ruleSetVersion: row.rule_set_version,
    memberFacts: row.member_facts ?? undefined,
    points: row.points,
    reversedPoints: row.reversed_points,
    explanation: row.explanation.map(([ruleId, points, note]) => ({ ruleId, points, note })),
    lot: {
      availableAt: instant(row.available_at),
      expiresAt: instant(row.expires_at),
      class: row.lot_class,
    },
    postTime: instant(row.post_time),
    transaction: decodeTransaction(row.transaction),
  };
}

export const earnColumns = bulk<PostedEarn>({
  program_id: ['text', (earn) => earn.programId],
  transaction_id: ['text', (earn) => earn.transactionId],
  membership_id: ['bigint', (earn) => earn.membershipId],
  state: ['text', (earn) => earn.state],
  sequence: ['bigint', (earn) => earn.sequence],
  fingerprint: ['bytea', (earn) => earn.fingerprint],
  rule_set_version: ['integer', (earn) => earn.ruleSetVersion],
  member_facts: ['jsonb', (earn) => jsonOrNull(earn.memberFacts)],
  points: ['bigint', (earn) => earn.points],
  reversed_points: ['bigint', (earn) => earn.reversedPoints],
  explanation: ['jsonb', (earn) => JSON.stringify(explanationOf(earn))],
  available_at: ['timestamptz', (earn) => timestamptz(earn.lot.availableAt)],
  expires_at: ['timestamptz', (earn) => timestamptz(earn.lot.expiresAt)],
  lot_class: ['text', (earn) => earn.lot.class],
  post_time: ['timestamptz', (earn) => timestamptz(earn.postTime)],
  transaction: ['bytea', (earn) => encodeTransaction(earn.transaction)],
});

// Triples, because the names would be repeated in every row of the largest table.
function explanationOf({ explanation }: Earn<unknown>): EarnRow['explanation'] {
  return explanation.map(({ ruleId, points, note }) => [ruleId, points, note]);
}

export interface EntryRow {
  sequence: bigint;
  kind: EntryKind;
  available: bigint;
  pending: bigint;
  reserved: bigint;
  deficit: bigint;
  balance_after: bigint;
  transaction_id: string | null;
  redemption_id: string | null;
  refund_id: string | null;
  reason: string | null;
  actor: string;
  request_id: string;
  create_time: Date;
}

/** An entry of the journal. Which lots it moved is in the table of allocations. */
export function entryOf(row: EntryRow): Entry {
  return {
    sequence: row.sequence,
    kind: row.kind,
    available: row.available,
    pending: row.pending,
    reserved: row.reserved,
    deficit: row.deficit,
    balanceAfter: row.balance_after,
    ...(row.transaction_id === null ? {} : { transactionId: row.transaction_id }),
    ...(row.redemption_id === null ? {} : { redemptionId: row.redemption_id }),
    ...(row.refund_id === null ? {} : { refundId: row.refund_id }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    actor: row.actor,
    requestId: row.request_id,
    createTime: instant(row.create_time),
    allocations: [],
  };
}

export const entryColumns = bulk<{ membershipId: bigint; entry: Entry }>({
  membership_id: ['bigint', ({ membershipId }) => membershipId],
  sequence: ['bigint', ({ entry }) => entry.sequence],
  kind: ['text', ({ entry }) => entry.kind],
  available: ['bigint', ({ entry }) => entry.available],
  pending: ['bigint', ({ entry }) => entry.pending],
  reserved: ['bigint', ({ entry }) => entry.reserved],
  deficit: ['bigint', ({ entry }) => entry.deficit],
  balance_after: ['bigint', ({ entry }) => entry.balanceAfter],
  transaction_id: ['text', ({ entry }) => entry.transactionId],
  redemption_id: ['text', ({ entry }) => entry.redemptionId],
  refund_id: ['text', ({ entry }) => entry.refundId],
  reason: ['text', ({ entry }) => entry.reason],
  actor: ['text', ({ entry }) => entry.actor],
  request_id: ['text', ({ entry }) => entry.requestId],
  create_time: ['timestamptz', ({ entry }) => timestamptz(entry.createTime)],
});

export interface RedemptionRow {
  membership_id: bigint;
  redemption_id: string;
  idempotency_key: string;
  fingerprint: Buffer;
  sequence: bigint;
  reward_id: string;
  quantity: number;
  state: RedemptionState;
  points: bigint;
  reversed_points: bigint;
  reference: string;
  value_currency_code: string | null;
  value_minor_units: bigint | null;
  create_time: Date;
  hold_expires_at: Date | null;
  made_by_member: boolean;
  refusal_reason: RefusalReason | null;
  refusal_metadata: Record<string, string> | null;
  stock_taken: boolean;
  usage_period: string | null;
  usage_period_start: Timestamp | null;
}

export function redemptionOf(row: RedemptionRow): Redemption {
  return {
    redemptionId: row.redemption_id,
    membershipId: row.membership_id,
    idempotencyKey: row.idempotency_key,
    fingerprint: row.fingerprint,
    sequence: row.sequence,
    rewardId: row.reward_id,
    quantity: row.quantity,
    state: row.state,
    points: row.points,
    reversedPoints: row.reversed_points,
    reference: row.reference,
    value:
      row.value_currency_code === null || row.value_minor_units === null
        ? undefined
        : { currencyCode: row.value_currency_code, minorUnits: row.value_minor_units },
    createTime: instant(row.create_time),
    holdExpiresAt: row.hold_expires_at === null ? undefined : instant(row.hold_expires_at),
    madeByMember: row.made_by_member,
    refusal:
      row.refusal_reason === null
        ? undefined
        : { reason: row.refusal_reason, metadata: row.refusal_metadata ?? {} },
    stockTaken: row.stock_taken,
    usagePeriod:
      row.usage_period === null || row.usage_period_start === null
        ? undefined
        : { period: row.usage_period, start: instant(row.usage_period_start) },
  };
}

export const redemptionColumns = bulk<Redemption>({
  membership_id: ['bigint', (redemption) => redemption.membershipId],
  redemption_id: ['text', (redemption) => redemption.redemptionId],
  idempotency_key: ['text', (redemption) => redemption.idempotencyKey],
  fingerprint: ['bytea', (redemption) => redemption.fingerprint],
  sequence: ['bigint', (redemption) => redemption.sequence],
  reward_id: ['text', (redemption) => redemption.rewardId],
  quantity: ['integer', (redemption) => redemption.quantity],
  state: ['text', (redemption) => redemption.state],
  points: ['bigint', (redemption) => redemption.points],
  reversed_points: ['bigint', (redemption) => redemption.reversedPoints],
  reference: ['text', (redemption) => redemption.reference],
  value_currency_code: ['text', (redemption) => redemption.value?.currencyCode],
  value_minor_units: ['bigint', (redemption) => redemption.value?.minorUnits],
  create_time: ['timestamptz', (redemption) => timestamptz(redemption.createTime)],
  hold_expires_at: ['timestamptz', (redemption) => timestamptzOrNull(redemption.holdExpiresAt)],
  made_by_member: ['boolean', (redemption) => redemption.madeByMember],
  refusal_reason: ['text', (redemption) => redemption.refusal?.reason],
  refusal_metadata: ['jsonb', (redemption) => jsonOrNull(redemption.refusal?.metadata)],
  stock_taken: ['boolean', (redemption) => redemption.stockTaken],
  usage_period: ['text', (redemption) => redemption.usagePeriod?.period],
  usage_period_start: [
    'timestamptz',
    (redemption) => timestamptzOrNull(redemption.usagePeriod?.start),
  ],
});

function timestamptzOrNull(value: Instant | undefined): string | null {
  return value === undefined ? null : timestamptz(value);
}

function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
