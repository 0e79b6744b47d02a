import { instant, type Timestamp } from '@loyalty/platform/postgres/timestamptz.ts';
import type { DbTransaction } from '@loyalty/platform/postgres/transaction.ts';
import type { LimitPeriod } from '@loyalty/rules/limit-period.ts';
import type { PurchaseRefund } from '../app/ledger-store.ts';
import type { Entry } from '../domain/journal.ts';
import { type EarnRow, earnOf, type RefundRow, refundOf } from '../storage/earn-rows.ts';
import { type EntryRow, entryOf } from '../storage/entry-rows.ts';
import {
  earnSubject,
  type HistoryPart,
  type ReplayedMember,
  refundSubject,
  type StoredCapUsage,
} from './history.ts';

/** How many entries are in memory at a time. */
const entriesMax = 2_000;

/** The next memberships by id. */
export async function readMembers(
  tx: DbTransaction,
  { after, limit }: { after: bigint; limit: number },
): Promise<ReplayedMember[]> {
  const { rows } = await tx.query<{ membership_id: bigint; program_id: string; user_id: string }>(
    `SELECT membership_id, program_id, user_id FROM memberships
     WHERE membership_id > $1 ORDER BY membership_id LIMIT $2`,
    [after, limit],
  );
  return rows.map((row) => ({
    membershipId: row.membership_id,
    programId: row.program_id,
    userId: row.user_id,
  }));
}

/** The member's journal from the first entry on, in parts that fit into memory. */
export async function* readHistory(
  tx: DbTransaction,
  { membershipId, programId }: ReplayedMember,
): AsyncGenerator<HistoryPart> {
  let after = 0n;
  for (;;) {
    const { rows } = await tx.query<EntryRow>({
      name: 'replay_entries',
      text: `SELECT * FROM entries WHERE membership_id = $1 AND sequence > $2
        ORDER BY sequence LIMIT ${entriesMax}`,
      values: [membershipId, after],
    });
    const entries = rows.map(entryOf);
    const last = entries.at(-1);
    if (last === undefined) return;
    after = last.sequence;
    yield { entries, ...(await readSubjects(tx, { programId, entries })) };
    if (entries.length < entriesMax) return;
  }
}

/** What caps are said to have counted for the member. */
export async function readCapUsage(
  tx: DbTransaction,
  { membershipId }: ReplayedMember,
): Promise<StoredCapUsage[]> {
  const { rows } = await tx.query<{
    rule_id: string;
    period: LimitPeriod;
    period_start: Timestamp;
    points: bigint;
  }>({
    name: 'replay_cap_usage',
    text: 'SELECT rule_id, period, period_start, points FROM cap_usage WHERE membership_id = $1',
    values: [membershipId],
  });
  return rows.map((row) => ({
    ruleId: row.rule_id,
    period: row.period,
    start: instant(row.period_start),
    points: row.points,
  }));
}

async function readSubjects(
  tx: DbTransaction,
  { programId, entries }: { programId: string; entries: readonly Entry[] },
): Promise<Omit<HistoryPart, 'entries'>> {
  const transactionIds = [
    ...new Set(
      entries.flatMap(({ kind, transactionId }) =>
        transactionId !== undefined && (kind === 'EARN' || kind === 'REFUND')
          ? [transactionId]
          : [],
      ),
    ),
  ];
  if (transactionIds.length === 0)
    return { earns: new Map(), refunds: new Map(), unreadable: new Map() };
  const values = [programId, transactionIds];
  const [earns, refunds] = await Promise.all([
    tx.query<EarnRow>({
      name: 'replay_earns',
      text: `SELECT * FROM earns
        WHERE program_id = $1 AND transaction_id = ANY($2::text[]) AND state <> 'AWAITED'`,
      values,
    }),
    tx.query<RefundRow>({
      name: 'replay_refunds',
      text: `SELECT * FROM refunds
        WHERE program_id = $1 AND transaction_id = ANY($2::text[]) ORDER BY transaction_id, arrival`,
      values,
    }),
  ]);
  const unreadable = new Map<string, string>();
  const readEarns = readable(earns.rows, {
    read: earnOf,
    subjectOf: (row) => earnSubject(row.transaction_id),
    unreadable,
  });
  const readRefunds = readable(refunds.rows, {
    read: refundOf,
    subjectOf: (row) => refundSubject(row.transaction_id, row.refund_id),
    unreadable,
  });
  return {
    earns: new Map(readEarns.map((earn) => [earn.transactionId, earn])),
    refunds: Map.groupBy(readRefunds, ({ transactionId }: PurchaseRefund) => transactionId),
    unreadable,
  };
}

/** The rows that can be read. Of the others `unreadable` gets to know why not. */
function readable<Row, Value>(
  rows: readonly Row[],
  {
    read,
    subjectOf,
    unreadable,
  }: {
    read: (row: Row) => Value;
    subjectOf: (row: Row) => string;
    unreadable: Map<string, string>;
  },
): Value[] {
  return rows.flatMap((row) => {
    try {
      return [read(row)];
    } catch (error) {
      unreadable.set(subjectOf(row), `unreadable (${String(error)})`);
      return [];
    }
  });
}
