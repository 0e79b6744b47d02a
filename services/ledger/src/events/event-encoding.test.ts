import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { decodeOutboxBatch } from '@loyalty/platform/outbox/batch.ts';
import { EntryRecordedSchema } from '@loyalty/proto/loyalty/events/v1/entry_recorded_pb.ts';
import { Entry_KindSchema } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import type { Entry, EntryKind } from '../domain/journal.ts';
import { encodeEvents } from './event-encoding.ts';

function announced(kind: EntryKind, changes: Partial<Entry> = {}) {
  const entry: Entry = {
    kind,
    sequence: 7n,
    available: 0n,
    pending: 0n,
    reserved: 0n,
    deficit: 0n,
    balanceAfter: 0n,
    actor: 'service:checkout',
    requestId: 'call-1',
    createTime: 1,
    allocations: [],
    ...changes,
  };
  const recorded = { programId: 'wine-dine', userId: 'alice', membershipId: 3n, entry };
  const { messages, headers } = decodeOutboxBatch(encodeEvents([recorded]));
  const [message] = messages;
  if (message === undefined) throw new Error('nothing is announced');
  return {
    ...message,
    headers: { ...headers, ...message.headers },
    content: fromBinary(EntryRecordedSchema, message.data),
  };
}

test('every kind of entry has an event of its own', () => {
  const kinds = Entry_KindSchema.values.slice(1).map(({ name }) => name as EntryKind);
  const types = Object.fromEntries(kinds.map((kind) => [kind, announced(kind).headers['ce-type']]));
  expect(types).toEqual({
    JOINED: 'loyalty.membership.joined',
    UPDATED: 'loyalty.membership.updated',
    SUSPENDED: 'loyalty.membership.suspended',
    RESUMED: 'loyalty.membership.resumed',
    LEFT: 'loyalty.membership.left',
    EARN: 'loyalty.points.earned',
    MATURE: 'loyalty.points.matured',
    EXPIRE: 'loyalty.points.expired',
    REFUND: 'loyalty.points.refunded',
    ADJUST: 'loyalty.points.adjusted',
    FORFEIT: 'loyalty.points.forfeited',
    RESERVE: 'loyalty.redemption.reserved',
    CAPTURE: 'loyalty.redemption.captured',
    RELEASE: 'loyalty.redemption.released',
    REJECT: 'loyalty.redemption.rejected',
    RETURN: 'loyalty.redemption.returned',
  });
});

test('a refund that waited in vain is announced with the reason', () => {
  const subject = { transactionId: 'order-1', refundId: 'r1' };
  const { eventId, content } = announced('REFUND', {
    ...subject,
    reason: 'REFUND_EXCEEDS_TRANSACTION',
  });
  expect(eventId).toBe('3-7');
  expect(content.entry).toMatchObject({
    ...subject,
    points: 0n,
    reason: 'REFUND_EXCEEDS_TRANSACTION',
  });
});

test('an adjustment is announced with its note', () => {
  const subject = { reason: 'case 17', note: 'Sorry for the delay' };
  expect(announced('ADJUST', subject).content.entry).toMatchObject(subject);
});
