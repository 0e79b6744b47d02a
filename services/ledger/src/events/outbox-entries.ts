import { fromBinary } from '@bufbuild/protobuf';
import { encoderOf } from '@loyalty/platform/binary-encoding.ts';
import { OutboxEntriesSchema } from '@loyalty/proto/loyalty/events/v1/outbox_pb.ts';
import type { EntryKey } from '../app/journal-reader.ts';
import type { RecordedEntry } from '../app/ledger-store.ts';

const encode = encoderOf(OutboxEntriesSchema);

/** What names the entries of a commit in its row of the outbox: a few bytes each. */
export function encodeKeys(entries: readonly RecordedEntry[]): Uint8Array {
  return encode({
    membershipIds: entries.map(({ membershipId }) => membershipId),
    sequences: entries.map(({ entry }) => entry.sequence),
  });
}

/** The entries that {@link encodeKeys} named. */
export function decodeKeys(bytes: Uint8Array): EntryKey[] {
  const { membershipIds, sequences } = fromBinary(OutboxEntriesSchema, bytes);
  return membershipIds.map((membershipId, index) => ({
    membershipId,
    sequence: sequences[index] ?? 0n,
  }));
}
