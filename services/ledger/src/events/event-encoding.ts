import { encoderOf } from '@loyalty/platform/binary-encoding.ts';
import { encodeOutboxBatch, type OutboxMessageInit } from '@loyalty/platform/outbox/batch.ts';
import { EntryRecordedSchema } from '@loyalty/proto/loyalty/events/v1/entry_recorded_pb.ts';
import type { RecordedEntry } from '../app/ledger-store.ts';
import type { EntryKind } from '../domain/journal.ts';
import { renderEntry } from '../messages/entry-message.ts';
import { headerText } from './header-text.ts';

/** The last part of an event's subject and type, by what it announces. */
const eventTypes: Readonly<Record<EntryKind, string>> = {
  JOINED: 'membership.joined',
  UPDATED: 'membership.updated',
  SUSPENDED: 'membership.suspended',
  RESUMED: 'membership.resumed',
  LEFT: 'membership.left',
  EARN: 'points.earned',
  MATURE: 'points.matured',
  EXPIRE: 'points.expired',
  REFUND: 'points.refunded',
  ADJUST: 'points.adjusted',
  FORFEIT: 'points.forfeited',
  RESERVE: 'redemption.reserved',
  CAPTURE: 'redemption.captured',
  RELEASE: 'redemption.released',
  REJECT: 'redemption.rejected',
  RETURN: 'redemption.returned',
};

const encodeEntry = encoderOf(EntryRecordedSchema);

/**
 * The outbox row that announces journal entries: a CloudEvent for each. Sequences have no gaps, so that the ids tell a
 * consumer the order of a membership's events, which of them it has seen, and whether one is missing.
 */
export function encodeEvents(entries: readonly RecordedEntry[]): Uint8Array {
  return encodeOutboxBatch(entries.map(eventOf));
}

function eventOf({ programId, userId, membershipId: id, entry }: RecordedEntry): OutboxMessageInit {
  const membershipId = String(id);
  const type = eventTypes[entry.kind];
  const eventId = `${membershipId}-${entry.sequence}`;
  return {
    eventId,
    subject: `loyalty.events.v1.${programId}.${type}`,
    headers: {
      'ce-specversion': '1.0',
      'ce-id': eventId,
      'ce-source': '/ledger',
      'ce-type': `loyalty.${type}`,
      'ce-time': new Date(entry.createTime).toISOString(),
      'ce-subject': membershipId,
      'ce-requestid': headerText(entry.requestId),
      'ce-actor': headerText(entry.actor),
      'content-type': 'application/protobuf',
    },
    data: encodeEntry({ programId, userId, membershipId, entry: renderEntry(entry) }),
  };
}
