import type { Period } from '../domain/period.ts';
import type { Redemption } from '../domain/redemption-state.ts';
import type {
  EntryPosition,
  PageRequest,
  PostedEarn,
  PurchaseRefund,
  RecordedEntry,
} from './ledger-store.ts';
import type { FindRuleNames, RuleSetName } from './rule-names.ts';

/** Names an entry, and its event. */
export interface EntryKey {
  readonly membershipId: bigint;
  readonly sequence: bigint;
}

/**
 * An entry with the rows that its event is made of. What is used of them never changes, so the event is the same
 * whenever it is encoded.
 */
export interface JournalRecord extends RecordedEntry {
  /** The version of the form in which its event is encoded. */
  readonly eventVersion: number;
  /** Set for EARN and REFUND. */
  readonly earn: Pick<PostedEarn, 'ruleSetVersion' | 'explanation' | 'purchase'> | undefined;
  /** Set for REFUND, as it was decided. */
  readonly refund:
    | Pick<PurchaseRefund, 'points' | 'taken' | 'lapsed' | 'owed' | 'forgiven' | 'extent'>
    | undefined;
  /** Set for entries about a redemption, as it was after the entry, or later. */
  readonly redemption: Redemption | undefined;
}

/** The form of the events of entries that this release writes. */
export const eventVersion = 1;

/** The version whose names the record's event needs. */
export function ruleSetOf({ programId, entry, earn }: JournalRecord): RuleSetName | undefined {
  return entry.kind === 'EARN' && earn !== undefined
    ? { programId, ruleSetVersion: earn.ruleSetVersion }
    : undefined;
}

/** Records, and the names of rules that their events also need. */
export interface JournalRecords {
  readonly records: readonly JournalRecord[];
  readonly ruleNames: FindRuleNames;
}

/** Reads what events are made of. It throws {@link StorageUnavailable} when the database is down. */
export interface JournalReader {
  /** The records of the entries that exist, in the order of the keys. */
  read(keys: readonly EntryKey[]): Promise<JournalRecords>;
  /** Adds the names that records need which weren't read by `read`. */
  named(records: readonly JournalRecord[]): Promise<JournalRecords>;
  /** The entries of a program's journals in a period, the oldest first, then by membership and sequence. */
  keysOfProgram(
    query: { programId: string } & Period & PageRequest<EntryPosition>,
  ): Promise<EntryPosition[]>;
}
