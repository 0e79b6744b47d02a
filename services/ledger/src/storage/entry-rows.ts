import { instant } from '@loyalty/platform/postgres/timestamptz.ts';
import type { RecordedEntry, RequestRecord } from '../app/ledger-store.ts';
import type { Attributes } from '../domain/attributes.ts';
import type { Entry, EntryKind, MembershipChange } from '../domain/journal.ts';
import { bulk } from './bulk.ts';
import { jsonOrNull } from './column-values.ts';

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
  note: string | null;
  actor: string;
  request_id: string;
  create_time: Date;
  attributes_before: Attributes | null;
  attributes_after: Attributes | null;
  join_time: Date | null;
  inactivity_expires_at: Date | null;
  pending_after: bigint | null;
  reserved_after: bigint | null;
  deficit_after: bigint | null;
  lots_expire_at: Date | null;
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
    pendingAfter: row.pending_after ?? 0n,
    reservedAfter: row.reserved_after ?? 0n,
    deficitAfter: row.deficit_after ?? 0n,
    ...(row.transaction_id === null ? {} : { transactionId: row.transaction_id }),
    ...(row.redemption_id === null ? {} : { redemptionId: row.redemption_id }),
    ...(row.refund_id === null ? {} : { refundId: row.refund_id }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.note === null ? {} : { note: row.note }),
    actor: row.actor,
    requestId: row.request_id,
    createTime: instant(row.create_time),
    ...membershipChangeOf(row),
    allocations: [],
    ...(row.lots_expire_at === null ? {} : { lotsExpireAt: instant(row.lots_expire_at) }),
  };
}

function membershipChangeOf(row: EntryRow): MembershipChange {
  const { attributes_before: before, attributes_after: after } = row;
  return {
    ...(before !== null && after !== null && { attributesChange: { before, after } }),
    ...(row.join_time !== null && { joinTime: instant(row.join_time) }),
    ...(row.inactivity_expires_at !== null && {
      inactivityExpiresAt: instant(row.inactivity_expires_at),
    }),
  };
}

export const entryColumns = bulk<Omit<RecordedEntry, 'userId'>>({
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
  note: ['text', ({ entry }) => entry.note],
  actor: ['text', ({ entry }) => entry.actor],
  request_id: ['text', ({ entry }) => entry.requestId],
  create_time: ['timestamptz', ({ entry }) => entry.createTime],
  attributes_before: ['jsonb', ({ entry }) => jsonOrNull(entry.attributesChange?.before)],
  attributes_after: ['jsonb', ({ entry }) => jsonOrNull(entry.attributesChange?.after)],
  join_time: ['timestamptz', ({ entry }) => entry.joinTime],
  inactivity_expires_at: ['timestamptz', ({ entry }) => entry.inactivityExpiresAt],
  // For a program's list, which finds the earns by their own table.
  program_id: ['text', ({ programId, entry }) => (entry.kind === 'EARN' ? null : programId)],
  pending_after: ['bigint', ({ entry }) => orNull(entry.pendingAfter)],
  reserved_after: ['bigint', ({ entry }) => orNull(entry.reservedAfter)],
  deficit_after: ['bigint', ({ entry }) => orNull(entry.deficitAfter)],
  lots_expire_at: ['timestamptz', ({ entry }) => entry.lotsExpireAt],
});

function orNull(points: bigint): bigint | null {
  return points === 0n ? null : points;
}

/** A request with the entry that it led to. */
export type RequestRow = EntryRow & {
  membership_id: bigint;
  request_kind: RequestRecord['kind'];
  idempotency_key: string;
  fingerprint: Buffer;
};

export function requestOf(row: RequestRow): RequestRecord {
  return {
    membershipId: row.membership_id,
    kind: row.request_kind,
    idempotencyKey: row.idempotency_key,
    fingerprint: row.fingerprint,
    entry: entryOf(row),
  };
}

export const requestColumns = bulk<RequestRecord>({
  membership_id: ['bigint', (request) => request.membershipId],
  kind: ['text', (request) => request.kind],
  idempotency_key: ['text', (request) => request.idempotencyKey],
  fingerprint: ['bytea', (request) => request.fingerprint],
  sequence: ['bigint', (request) => request.entry.sequence],
});
