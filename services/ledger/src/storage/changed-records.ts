import { eventVersion, type JournalRecord } from '../app/journal-reader.ts';
import type { PostedEarn, PurchaseRefund, RecordedEntry } from '../app/ledger-store.ts';
import type { Redemption } from '../domain/redemption-state.ts';
import { purchaseKey } from './ledger-keys.ts';
import type { LedgerChanges } from './locked-ledger.ts';

/**
 * What the database would return for the entries that a database transaction wrote, made of what it wrote; undefined where
 * that isn't enough.
 */
export function recordsOf(changes: LedgerChanges): JournalRecord[] | undefined {
  const subjects = subjectsOf(changes);
  const records: JournalRecord[] = [];
  for (const recorded of changes.entries) {
    const record = recordOf(recorded, subjects);
    if (record === undefined) return undefined;
    records.push(record);
  }
  return records;
}

interface Subjects {
  readonly earns: ReadonlyMap<string, PostedEarn>;
  readonly refunds: readonly PurchaseRefund[];
  readonly redemptions: ReadonlyMap<string, Redemption>;
}

function subjectsOf({ earns, refunds, redemptions }: LedgerChanges): Subjects {
  const earnByKey = new Map<string, PostedEarn>();
  for (const { after } of earns) {
    if (after !== 'AWAITED') earnByKey.set(purchaseKey(after), after);
  }
  const redemptionByKey = new Map<string, Redemption>();
  for (const { after } of redemptions) redemptionByKey.set(redemptionKey(after), after);
  return { earns: earnByKey, refunds, redemptions: redemptionByKey };
}

function recordOf(recorded: RecordedEntry, subjects: Subjects): JournalRecord | undefined {
  const { programId, userId, membershipId, entry } = recorded;
  const { transactionId, refundId, redemptionId } = entry;
  const earn =
    transactionId === undefined
      ? undefined
      : subjects.earns.get(purchaseKey({ programId, transactionId }));
  const refund =
    refundId === undefined
      ? undefined
      : subjects.refunds.find(
          (each) =>
            each.refundId === refundId &&
            each.transactionId === transactionId &&
            each.programId === programId,
        );
  const redemption =
    redemptionId === undefined
      ? undefined
      : subjects.redemptions.get(redemptionKey({ membershipId, redemptionId }));
  const isWhole =
    (transactionId === undefined || earn !== undefined) &&
    (refundId === undefined || refund !== undefined) &&
    (redemptionId === undefined || redemption !== undefined);
  return isWhole
    ? { programId, userId, membershipId, entry, eventVersion, earn, refund, redemption }
    : undefined;
}

function redemptionKey({
  membershipId,
  redemptionId,
}: Pick<Redemption, 'membershipId' | 'redemptionId'>): string {
  return `${membershipId}\0${redemptionId}`;
}
