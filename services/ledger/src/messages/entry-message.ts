import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { timestampField } from '@loyalty/platform/rpc/timestamps.ts';
import {
  Entry_Kind,
  Entry_KindSchema,
  type EntrySchema,
} from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import type { DescribedEntry } from '../app/described-entry.ts';
import { type Entry, type EntryKind, memberActor, pointsOf } from '../domain/journal.ts';
import { inKeyOrder } from './key-order.ts';
import { purchaseFields } from './purchase-message.ts';
import { renderExtent } from './refund-extent-message.ts';

/** An entry as a message of the contract, without what it is about. */
export function renderEntry(entry: Entry) {
  const { attributesChange, joinTime, inactivityExpiresAt } = entry;
  return {
    sequence: entry.sequence,
    kind: Entry_Kind[entry.kind],
    points: pointsOf(entry),
    available: entry.available,
    pending: entry.pending,
    reserved: entry.reserved,
    deficit: entry.deficit,
    balanceAfter: entry.balanceAfter,
    transactionId: entry.transactionId ?? '',
    redemptionId: entry.redemptionId ?? '',
    refundId: entry.refundId ?? '',
    reason: entry.reason ?? '',
    note: entry.note ?? '',
    actor: entry.actor,
    requestId: entry.requestId,
    createTime: timestampFromMs(entry.createTime),
    ...(attributesChange !== undefined && {
      attributesChange: {
        before: inKeyOrder(attributesChange.before),
        after: inKeyOrder(attributesChange.after),
      },
    }),
    ...timestampField('joinTime', joinTime),
    ...timestampField('inactivityExpireTime', inactivityExpiresAt),
  };
}

/** The entry with its user and, if it is described, with what it is about, as lists and responses carry it. */
export function renderDescribedEntry(
  entry: Entry & Partial<DescribedEntry> & { readonly userId: string },
): MessageInitShape<typeof EntrySchema> {
  return { ...renderEntry(entry), userId: entry.userId, ...renderSubject(entry) };
}

/** The fields of an entry that say what it is about. */
export function renderSubject({
  purchase,
  rules = [],
  refundExtent,
  reward,
}: Partial<DescribedEntry>): Pick<MessageInitShape<typeof EntrySchema>, SubjectField> {
  return {
    ...(purchase !== undefined && purchaseFields(purchase)),
    rules: rules.map((rule) => ({ ...rule })),
    ...(refundExtent !== undefined && {
      refundExtent: { extent: renderExtent(refundExtent) },
    }),
    ...(reward !== undefined && {
      rewardId: reward.rewardId,
      rewardDisplayName: reward.displayName,
      quantity: reward.quantity,
      reference: reward.reference,
    }),
  };
}

type SubjectField =
  | 'occurTime'
  | 'amount'
  | 'channel'
  | 'rules'
  | 'refundExtent'
  | 'rewardId'
  | 'rewardDisplayName'
  | 'quantity'
  | 'reference';

/** The described entry as the member sees it, without operators' names and reasons. */
export function renderEntryForMember(
  entry: Parameters<typeof renderDescribedEntry>[0],
): ReturnType<typeof renderDescribedEntry> {
  const isOwnAct = entry.actor === memberActor;
  return {
    ...renderDescribedEntry(entry),
    ...(entry.kind === 'ADJUST' && { reason: '' }),
    ...(!isOwnAct && { actor: '', requestId: '' }),
  };
}

/** The kind of an entry. The contract's validation lets no other numbers through. */
export function parseEntryKind(kind: Entry_Kind): EntryKind {
  return Entry_KindSchema.value[kind]?.name as EntryKind;
}
