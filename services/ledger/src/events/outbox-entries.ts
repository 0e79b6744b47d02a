import { fromBinary } from '@bufbuild/protobuf';
import { encoderOf } from '@loyalty/platform/binary-encoding.ts';
import { OutboxEntriesSchema } from '@loyalty/proto/loyalty/events/v1/outbox_pb.ts';
import type { EntryKey } from '../app/journal-reader.ts';
import type { RecordedEntry } from '../app/ledger-store.ts';

const encode = encoderOf(OutboxEntriesSchema);

/** Encodes the keys of a commit's entries for its row of the outbox, a few bytes each. */
export function encodeKeys(entries: readonly RecordedEntry[]): Uint8Array {
  return encode({
    membershipIds: entries.map(({ membershipId }) => membershipId),
    sequences: entries.map(({ entry }) => entry.sequence),
  });
}

/**
 * The entries that {@link encodeKeys} named.
 *
 * @throws {Error} where a membership has no sequence, or a sequence no membership
 */
export function decodeKeys(bytes: Uint8Array): EntryKey[] {
  const { membershipIds, sequences } = fromBinary(OutboxEntriesSchema, bytes);
  const keys = membershipIds.flatMap((membershipId, index) => {
    const sequence = sequences[index];
    return sequence === undefined ? [] : [{ membershipId, sequence }];
  });
  if (keys.length === membershipIds.length && keys.length === sequences.length) return keys;
  throw new Error(
    `a row of the outbox names the memberships ${membershipIds.join(', ')} with the sequences ${sequences.join(', ')}, which are not as many`,
  );
}
