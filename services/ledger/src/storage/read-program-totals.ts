import { timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import type { DbTransaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Pool, QueryResultRow } from 'pg';
import type { ReadProgramTotals } from '../app/program-summaries.ts';
import { StorageUnavailable } from '../domain/errors.ts';
import type { Account } from '../domain/journal.ts';
import type { MembershipState } from '../domain/membership.ts';
import {
  addDueAccounts,
  type KindWithPoints,
  kindsWithPoints,
  noTotals,
  type ProgramTotals,
  type TotalsQuery,
} from '../domain/program-totals.ts';
import { type LotRow, lotOf, type MembershipRow, membershipOf } from './membership-rows.ts';
import { lotExpiry } from './read-accounts.ts';
import { readOnlyTransaction } from './read-only-transaction.ts';
import { type RedemptionRow, redemptionOf } from './redemption-rows.ts';
import { translated } from './storage-errors.ts';

/** Bounds one statement. It reads whole tables, but keeps no vacuum waiting for longer than a few of them. */
const statementMsMax = 30_000;
/** So few that a page takes a few milliseconds of this process, which earns meanwhile. */
const accountsPerPage = 100;

/**
 * Reads what {@link ReadProgramTotals} promises, in one snapshot. Memberships for which nothing is due are summed up by the
 * database, as they are stored; the others are read one by one, because the domain knows what becomes of them. No statement
 * has a name: each is planned for its values, since those of a small program and a large one need other plans.
 *
 * @param pool whose sessions may read whole tables
 * @param options.msMax after which no further statement is begun
 */
export function createProgramTotalsReader(
  pool: Pool,
  { msMax = 60_000 }: { msMax?: number } = {},
): ReadProgramTotals {
  return async (programId, query) => {
    const read = readOnlyTransaction(pool, (tx) =>
      readTotals(senderOf(tx, { msMax }), programId, query),
    );
    return await translated(read);
  };
}

async function readTotals(
  send: Send,
  programId: string,
  query: TotalsQuery,
): Promise<ProgramTotals> {
  await send(`SET LOCAL statement_timeout = ${statementMsMax}`);
  // One worker: the others belong to those who earn.
  await send('SET LOCAL max_parallel_workers_per_gather = 0');
  // One after the other, as the session takes them, so that none is begun too late.
  const stored = await readMembers(send, programId, query);
  const expiring = await readExpiring(send, programId, query);
  const moved = await readMoved(send, programId, query);
  const stockTaken = await readStockTaken(send, programId);
  let totals: ProgramTotals = { ...noTotals(query), ...stored, ...expiring, moved, stockTaken };
  for await (const accounts of dueAccounts(send, programId, query)) {
    totals = addDueAccounts(totals, accounts, query);
  }
  return totals;
}

type Send = <Row extends QueryResultRow>(text: string, values?: unknown[]) => Promise<Row[]>;

/**
 * Sends statements until the time is over, with a time-out of pg's own that is longer than a statement's.
 *
 * @throws {StorageUnavailable} afterwards
 */
function senderOf(tx: DbTransaction, { msMax }: { msMax: number }): Send {
  const deadline = performance.now() + msMax;
  return async <Row extends QueryResultRow>(text: string, values: unknown[] = []) => {
    if (performance.now() >= deadline) {
      throw new StorageUnavailable(new Error(`a summary took longer than ${msMax} ms`));
    }
    const config = { text, values, query_timeout: 2 * statementMsMax };
    return (await tx.query<Row>(config)).rows;
  };
}

/** PostgreSQL sums up bigint as numeric, which pg reads as text. */
type Sum = string;

async function readMembers(send: Send, programId: string, { asOf }: TotalsQuery) {
  const rows = await send<{ state: MembershipState; members: bigint } & Record<Balances, Sum>>(
    `SELECT state, count(*) AS members, sum(available) AS available, sum(pending) AS pending,
        sum(reserved) AS reserved, sum(deficit) AS deficit
      FROM memberships WHERE program_id = $1 AND next_due_at > $2
      GROUP BY state`,
    [programId, timestamptz(asOf)],
  );
  const sumOf = (balance: Balances) => rows.reduce((sum, row) => sum + BigInt(row[balance]), 0n);
  const membersIn = (state: MembershipState) =>
    rows.find((row) => row.state === state)?.members ?? 0n;
  return {
    members: {
      ACTIVE: membersIn('ACTIVE'),
      SUSPENDED: membersIn('SUSPENDED'),
      LEFT: membersIn('LEFT'),
    },
    available: sumOf('available'),
    pending: sumOf('pending'),
    reserved: sumOf('reserved'),
    deficit: sumOf('deficit'),
  };
}

type Balances = 'available' | 'pending' | 'reserved' | 'deficit';

async function readExpiring(send: Send, programId: string, { asOf, months }: TotalsQuery) {
  // A bucket begins with its start, and a month of points just after it. Instants are whole milliseconds.
  const rows = await send<{ month: number | null; points: Sum }>(
    `SELECT CASE WHEN expiry < 'infinity'
          THEN width_bucket(expiry - interval '1 millisecond', $3::timestamptz[]) END AS month,
        sum(remaining) AS points
      FROM (
        SELECT ${lotExpiry} AS expiry, remaining
        FROM lots JOIN memberships USING (membership_id)
        WHERE program_id = $1 AND next_due_at > $2
      ) AS lots
      GROUP BY 1`,
    [programId, timestamptz(asOf), months.map(timestamptz)],
  );
  const pointsIn = (month: number | null) =>
    BigInt(rows.find((row) => row.month === month)?.points ?? 0);
  // Buckets are numbered from 1.
  return {
    expiring: months.map((_, index) => pointsIn(index + 1)),
    neverExpiring: pointsIn(null),
  };
}

async function readMoved(
  send: Send,
  programId: string,
  { period }: TotalsQuery,
): Promise<Record<KindWithPoints, bigint>> {
  // Purchases have the program and the time in their own row. They are most of the journal.
  const rows = await send<{ kind: KindWithPoints; points: Sum }>(
    `SELECT 'EARN' AS kind, coalesce(sum(points), 0) AS points
      FROM earns WHERE program_id = $1 AND post_time >= $2 AND post_time < $3
      UNION ALL
      SELECT kind, sum(available + pending + reserved - deficit)
      FROM entries
      WHERE program_id = $1 AND kind <> 'EARN' AND kind = ANY ($4)
        AND create_time >= $2 AND create_time < $3
      GROUP BY kind`,
    [programId, timestamptz(period.startTime), timestamptz(period.endTime), kindsWithPoints],
  );
  const moved = new Map(rows.map(({ kind, points }) => [kind, BigInt(points)]));
  return Object.fromEntries(kindsWithPoints.map((kind) => [kind, moved.get(kind) ?? 0n])) as Record<
    KindWithPoints,
    bigint
  >;
}

async function readStockTaken(send: Send, programId: string): Promise<Map<string, bigint>> {
  const rows = await send<{ reward_id: string; taken: bigint }>(
    'SELECT reward_id, taken FROM reward_stock WHERE program_id = $1',
    [programId],
  );
  return new Map(rows.map(({ reward_id: rewardId, taken }) => [rewardId, taken]));
}

/** The accounts of a program for which something is due, with all of their lots and with their holds that have ended. */
async function* dueAccounts(
  send: Send,
  programId: string,
  { asOf }: TotalsQuery,
): AsyncGenerator<Account[]> {
  const now = timestamptz(asOf);
  await send(
    `DECLARE due_memberships NO SCROLL CURSOR FOR
      SELECT * FROM memberships WHERE program_id = $1 AND next_due_at <= $2`,
    [programId, now],
  );
  for (;;) {
    const memberships = await send<MembershipRow>(`FETCH ${accountsPerPage} FROM due_memberships`);
    if (memberships.length === 0) return;
    const ids = memberships.map(({ membership_id: id }) => id);
    const [lots, holds] = await Promise.all([
      send<LotRow>('SELECT * FROM lots WHERE membership_id = ANY ($1::bigint[])', [ids]),
      send<RedemptionRow>(
        `SELECT * FROM redemptions
          WHERE membership_id = ANY ($1::bigint[]) AND state = 'RESERVED' AND hold_expires_at <= $2`,
        [ids, now],
      ),
    ]);
    const lotsById = Map.groupBy(lots, (row) => row.membership_id);
    const holdsById = Map.groupBy(holds, (row) => row.membership_id);
    yield memberships.map((row) => ({
      membership: membershipOf(row),
      lots: (lotsById.get(row.membership_id) ?? []).map(lotOf),
      redemptions: (holdsById.get(row.membership_id) ?? []).map(redemptionOf),
      entries: [],
    }));
  }
}
