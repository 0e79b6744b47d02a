import type { OutboxMessage } from '@loyalty/platform/outbox/relay.ts';
import type { JournalReader } from '../app/journal-reader.ts';
import { eventsOf, sharedHeaders } from '../messages/event-message.ts';
import { decodeKeys } from './outbox-entries.ts';
import type { RecentRecords } from './recent-records.ts';

/**
 * Encodes the events that a row of the outbox names: from memory where this process has committed them a moment ago, else
 * from the database. Both ways lead to the same bytes.
 */
export function createEventEncoder({
  recent,
  journal,
}: {
  recent: RecentRecords;
  journal: JournalReader;
}): (row: { id: bigint; entries: Uint8Array }) => Promise<OutboxMessage[]> {
  return async ({ id, entries }) => {
    const records = recent.take(id);
    const found = await (records === undefined
      ? journal.read(decodeKeys(entries))
      : journal.named(records));
    return eventsOf(found).map(({ id: eventId, subject, headers, data }) => ({
      eventId,
      subject,
      headers,
      sharedHeaders,
      data,
    }));
  };
}
