import { timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import type { DbTransaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Pool } from 'pg';
import type { LedgerReader } from '../app/ledger-store.ts';
import type { Period } from '../domain/period.ts';
import type { KindTotal } from '../domain/statement.ts';
import { type EntryRow, entryOf } from './entry-rows.ts';
import { perRow } from './plan-forms.ts';
import { readAccountIn } from './read-account.ts';
import { readEntries, wanted } from './read-entries.ts';
import { readOnlyTransaction } from './read-only-transaction.ts';
import { translated } from './storage-errors.ts';

/** Reads what a statement is made of. */
export async function readStatement(
  pool: Pool,
  ...[query, now]: Parameters<LedgerReader['statement']>
): ReturnType<LedgerReader['statement']> {
  const read = readOnlyTransaction(pool, async (tx) => {
    const account = await readAccountIn(tx, query, now);
    if (account === undefined) return undefined;
    const journal = { ...query, membershipId: account.membership.membershipId };
    const [since, { rows }] = await Promise.all([
      readChangesSince(tx, journal),
      tx.query<EntryRow>(readEntries({ ...journal, kinds: [] })),
    ]);
    return { account, since, entries: rows.map(entryOf) };
  });
  return await translated(read);
}

// Backwards from the present, whose sums the membership's row has: a statement is mostly asked for a period that has just
// ended. An old one costs more, 70 ms where 50,000 entries follow. They are sorted, because PostgreSQL would choose between
// sorting and hashing by the size of the table.
async function readChangesSince(
  tx: DbTransaction,
  {
    membershipId,
    startTime,
    endTime,
    past,
  }: Period & { membershipId: bigint; past: bigint | undefined },
): Promise<(KindTotal & { inPeriod: boolean })[]> {
  const { rows } = await tx.query<KindTotal & { inPeriod: boolean }>({
    name: 'read_changes_since',
    text: `${wanted}
      SELECT kind, "inPeriod", count(*)::bigint AS entries,
        sum(available)::bigint AS available, sum(pending)::bigint AS pending,
        sum(reserved)::bigint AS reserved, sum(deficit)::bigint AS deficit
      FROM (
        SELECT kind, sequence < (SELECT past FROM wanted) AS "inPeriod",
          available, pending, reserved, deficit
        FROM entries
        WHERE membership_id = $1 AND sequence >= (SELECT first FROM wanted)
        ORDER BY kind, "inPeriod" ${perRow}
      ) AS entries
      GROUP BY kind, "inPeriod"`,
    values: [membershipId, past ?? null, timestamptz(startTime), timestamptz(endTime)],
  });
  return rows;
}
