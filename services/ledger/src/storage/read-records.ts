import { instant, type Timestamp } from '@loyalty/platform/postgres/timestamptz.ts';
import type { EntryKey, JournalRecord } from '../app/journal-reader.ts';
import type { Entry } from '../domain/journal.ts';
import type { Allocation, LotClass } from '../domain/lot.ts';
import { bulk } from './bulk.ts';
import { type EarnRow, earnOf, type RefundRow, refundOf } from './earn-rows.ts';
import { type EntryRow, entryOf } from './entry-rows.ts';
import { perRow } from './plan-forms.ts';
import { readRedemptionsById } from './read-by-id.ts';
import { type RedemptionRow, redemptionOf } from './redemption-rows.ts';
import type { Database } from './rule-names.ts';

/**
 * Reads entries with the rows that their events are made of, in the order of the keys. Entries that don't exist are
 * left out. All that is used of these rows was final when the entry was committed, so they need no snapshot.
 */
export async function readRecords(
  database: Database,
  keys: readonly EntryKey[],
): Promise<JournalRecord[]> {
  if (keys.length === 0) return [];
  const { rows } = await database.query<RecordedEntryRow>(
    keyColumns.statement('read_recorded_entries', readingEntries, keys),
  );
  const [lots, earns, refunds, redemptions] = await Promise.all([
    readAllocations(database, rows),
    readEarns(database, rows),
    readRefunds(database, rows),
    readRedemptions(database, rows),
  ]);
  const records = new Map<string, JournalRecord>();
  for (const row of rows) {
    const { program, membership_id: membershipId, transaction_id, refund_id, redemption_id } = row;
    const earn = transaction_id === null ? undefined : earns.get(nameOf(program, transaction_id));
    const refund =
      refund_id === null ? undefined : refunds.get(nameOf(program, transaction_id, refund_id));
    const redemption =
      redemption_id === null ? undefined : redemptions.get(nameOf(membershipId, redemption_id));
    const key = nameOf(membershipId, row.sequence);
    records.set(key, {
      programId: program,
      userId: row.user_id,
      membershipId,
      entry: { ...entryOf(row), allocations: lots.get(key) ?? allocationsOfEarn(row, earn) },
      eventVersion: row.event_version,
      earn: earn && earnOf(earn),
      refund: refund && refundOf(refund),
      redemption: redemption && redemptionOf(redemption),
    });
  }
  return keys.flatMap(({ membershipId, sequence }) => {
    const record = records.get(nameOf(membershipId, sequence));
    return record === undefined ? [] : [record];
  });
}

type RecordedEntryRow = EntryRow & {
  membership_id: bigint;
  event_version: number;
  /** That of the membership: an EARN has none of its own. */
  program: string;
  user_id: string;
};

/** What identifies rows among Map keys. No id contains a NUL. */
function nameOf(...ids: readonly (string | bigint | null)[]): string {
  return ids.join('\0');
}

const keyColumns = bulk<EntryKey>({
  membership_id: ['bigint', ({ membershipId }) => membershipId],
  sequence: ['bigint', ({ sequence }) => sequence],
});

const readingEntries = `SELECT entries.*, members.program, members.user_id
  FROM ${keyColumns.source}
  CROSS JOIN LATERAL (
    SELECT * FROM entries
    WHERE membership_id = rows.membership_id AND sequence = rows.sequence ${perRow}
  ) AS entries
  CROSS JOIN LATERAL (
    SELECT program_id AS program, user_id FROM memberships
    WHERE membership_id = entries.membership_id ${perRow}
  ) AS members`;

interface AllocationRow {
  membership_id: bigint;
  sequence: bigint;
  available_at: Timestamp;
  expires_at: Timestamp;
  class: LotClass;
  points: bigint;
}

const readingAllocations = `SELECT allocations.*
  FROM ${keyColumns.source}
  CROSS JOIN LATERAL (
    SELECT * FROM allocations
    WHERE membership_id = rows.membership_id AND sequence = rows.sequence ${perRow}
  ) AS allocations`;

/** Keyed by entry. */
async function readAllocations(
  database: Database,
  entries: readonly RecordedEntryRow[],
): Promise<Map<string, Allocation[]>> {
  const keys = entries
    .filter(({ kind }) => kind !== 'EARN')
    .map((row) => ({ membershipId: row.membership_id, sequence: row.sequence }));
  const lots = new Map<string, Allocation[]>();
  if (keys.length === 0) return lots;
  const { rows } = await database.query<AllocationRow>(
    keyColumns.statement('read_recorded_allocations', readingAllocations, keys),
  );
  for (const row of rows) {
    const key = nameOf(row.membership_id, row.sequence);
    const allocation: Allocation = {
      availableAt: instant(row.available_at),
      expiresAt: instant(row.expires_at),
      class: row.class,
      points: row.points,
    };
    const others = lots.get(key);
    if (others === undefined) lots.set(key, [allocation]);
    else others.push(allocation);
  }
  return lots;
}

/** The earn itself names the lot that its entry gave to. */
function allocationsOfEarn(
  { kind, available, pending }: Pick<Entry, 'kind' | 'available' | 'pending'>,
  earn: EarnRow | undefined,
): Allocation[] {
  const points = available + pending;
  if (kind !== 'EARN' || earn === undefined || points === 0n) return [];
  const { available_at: availableAt, expires_at: expiresAt, lot_class: lotClass } = earn;
  return [
    {
      availableAt: instant(availableAt),
      expiresAt: instant(expiresAt),
      class: lotClass,
      points,
    },
  ];
}

interface RefundName {
  readonly programId: string;
  readonly transactionId: string;
  readonly refundId: string;
}

const earnColumns = bulk<Omit<RefundName, 'refundId'>>({
  program_id: ['text', ({ programId }) => programId],
  transaction_id: ['text', ({ transactionId }) => transactionId],
});

const readingEarns = `SELECT earns.*
  FROM ${earnColumns.source}
  CROSS JOIN LATERAL (
    SELECT * FROM earns
    WHERE program_id = rows.program_id AND transaction_id = rows.transaction_id
      AND membership_id IS NOT NULL ${perRow}
  ) AS earns`;

async function readEarns(
  database: Database,
  entries: readonly RecordedEntryRow[],
): Promise<Map<string, EarnRow>> {
  const names = entries.flatMap(({ program, transaction_id: transactionId }) =>
    transactionId === null ? [] : [{ programId: program, transactionId }],
  );
  if (names.length === 0) return new Map();
  const { rows } = await database.query<EarnRow>(
    earnColumns.statement('read_recorded_earns', readingEarns, names),
  );
  return new Map(rows.map((row) => [nameOf(row.program_id, row.transaction_id), row]));
}

const refundColumns = bulk<RefundName>({
  program_id: ['text', ({ programId }) => programId],
  transaction_id: ['text', ({ transactionId }) => transactionId],
  refund_id: ['text', ({ refundId }) => refundId],
});

const readingRefunds = `SELECT refunds.*
  FROM ${refundColumns.source}
  CROSS JOIN LATERAL (
    SELECT * FROM refunds
    WHERE program_id = rows.program_id AND transaction_id = rows.transaction_id
      AND refund_id = rows.refund_id ${perRow}
  ) AS refunds`;

async function readRefunds(
  database: Database,
  entries: readonly RecordedEntryRow[],
): Promise<Map<string, RefundRow>> {
  const names = entries.flatMap(
    ({ program, transaction_id: transactionId, refund_id: refundId }) =>
      transactionId === null || refundId === null
        ? []
        : [{ programId: program, transactionId, refundId }],
  );
  if (names.length === 0) return new Map();
  const { rows } = await database.query<RefundRow>(
    refundColumns.statement('read_recorded_refunds', readingRefunds, names),
  );
  return new Map(
    rows.map((row) => [nameOf(row.program_id, row.transaction_id, row.refund_id), row]),
  );
}

async function readRedemptions(
  database: Database,
  entries: readonly RecordedEntryRow[],
): Promise<Map<string, RedemptionRow>> {
  const named = entries.flatMap(({ membership_id: membershipId, redemption_id: redemptionId }) =>
    redemptionId === null ? [] : [{ membershipId, redemptionId }],
  );
  if (named.length === 0) return new Map();
  const { rows } = await database.query<RedemptionRow>(readRedemptionsById(named));
  return new Map(rows.map((row) => [nameOf(row.membership_id, row.redemption_id), row]));
}
