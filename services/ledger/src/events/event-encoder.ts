import type { OutboxMessage } from '@loyalty/platform/outbox/relay.ts';
import type { JournalReader, JournalRecords } from '../app/journal-reader.ts';
import { sharedHeaders } from '../messages/event-headers.ts';
import { eventsOf } from '../messages/event-message.ts';
import { decodeKeys } from './outbox-entries.ts';
import type { RecentRecords } from './recent-records.ts';

/**
 * Encodes the events that a row of the outbox names: from memory where this process has committed them a moment ago, else
 * from the database. Both ways lead to the same bytes.
 *
 * What it returns throws for a row that names an entry which doesn't exist: without its event, the row would be published in
 * part and deleted.
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
      ? readAll(journal, { id, entries })
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

async function readAll(
  journal: JournalReader,
  { id, entries }: { id: bigint; entries: Uint8Array },
): Promise<JournalRecords> {
  const keys = decodeKeys(entries);
  const found = await journal.read(keys);
  if (found.records.length === keys.length) return found;
  const ids = new Set(
    found.records.map(({ membershipId, entry }) => `${membershipId}-${entry.sequence}`),
  );
  const missing = keys
    .map(({ membershipId, sequence }) => `${membershipId}-${sequence}`)
    .filter((key) => !ids.has(key));
  throw new Error(`row ${id} of the outbox names entries that don't exist: ${missing.join(', ')}`);
}
