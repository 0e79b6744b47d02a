import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { OutboxEntriesSchema } from '@loyalty/proto/loyalty/events/v1/outbox_pb.ts';
import type { EntryKey, JournalReader, JournalRecord } from '../app/journal-reader.ts';
import type { RecordedEntry } from '../app/ledger-store.ts';
import { createEventEncoder } from './event-encoder.ts';
import { decodeKeys, encodeKeys } from './outbox-entries.ts';
import { createRecentRecords } from './recent-records.ts';

const keys = [
  { membershipId: 3n, sequence: 1n },
  { membershipId: 4n, sequence: 7n },
];
const entries = encodeKeys(
  keys.map(
    ({ membershipId, sequence }) => ({ membershipId, entry: { sequence } }) as RecordedEntry,
  ),
);

/** Encodes what it reads of a journal that has only these entries. */
function encoderOf(existing: readonly EntryKey[]) {
  const read = async () => ({
    records: existing.map(
      ({ membershipId, sequence }) => ({ membershipId, entry: { sequence } }) as JournalRecord,
    ),
    ruleNames: () => undefined,
  });
  const journal: Pick<JournalReader, 'read'> = { read };
  return createEventEncoder({
    recent: createRecentRecords(),
    journal: journal as JournalReader,
  });
}

test('the keys of a row are those that it was written with', () => {
  expect(decodeKeys(entries)).toEqual(keys);
});

test('a row that names an entry which doesn’t exist is refused as a whole', async () => {
  const encode = encoderOf(keys.slice(0, 1));
  await expect(encode({ id: 12n, entries })).rejects.toThrow(
    "row 12 of the outbox names entries that don't exist: 4-7",
  );
});

test.each([
  [{ membershipIds: [3n, 4n], sequences: [1n] }],
  [{ membershipIds: [3n], sequences: [1n, 7n] }],
])('a row whose lists differ in length is refused', (lists) => {
  const bytes = toBinary(OutboxEntriesSchema, create(OutboxEntriesSchema, lists));
  expect(() => decodeKeys(bytes)).toThrow(
    `the memberships ${lists.membershipIds.join(', ')} with the sequences ${lists.sequences.join(', ')}`,
  );
});
