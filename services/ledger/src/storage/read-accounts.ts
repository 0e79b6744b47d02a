import { type DbTransaction, transaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Pool, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type { Instant } from '../domain/instant.ts';
import type { Account } from '../domain/journal.ts';
import type { Lot } from '../domain/lot.ts';
import { instant, type Timestamp, timestamptz } from './column-values.ts';
import { type LotRow, lotOf, type MembershipRow, membershipOf } from './membership-rows.ts';
import { type RedemptionRow, redemptionOf } from './redemption-rows.ts';
import { translated } from './storage-errors.ts';

/** Which accounts to read. */
export interface AccountQuery {
  /** The name under which the statement is prepared. */
  readonly name: string;
  /** A SELECT of membership ids, with its parameters from $2 on. */
  readonly members: string;
  /** The columns of memberships to sort by, where there may be several. */
  readonly order?: 'program_id' | 'user_id' | 'join_time, memberships.user_id';
  readonly values: unknown[];
  /** The instant of the balances. */
  readonly now: Instant;
}

/** A membership with one of the lots asked for; the lot's columns are NULL where it has none. */
type AccountRow = MembershipRow & { next_due_at: Timestamp } & {
  [Column in keyof Omit<LotRow, 'membership_id'>]: LotRow[Column] | null;
};

/** Reads accounts with all that their balance at an instant depends on, each as it was stored at one time. Locks nothing. */
export function createAccountReader(pool: Pool): (query: AccountQuery) => Promise<Account[]> {
  return async (query) => {
    const rows = await translated(readRows(pool, query));
    // Few members have a hold that has ended a moment ago, so the others don't pay for looking at them.
    return rows.some((row) => row.reserved > 0n && instant(row.next_due_at) <= query.now)
      ? await translated(transaction(pool, async (tx) => await readWithHolds(tx, query)))
      : groupLots(rows);
  };
}

interface Queryable {
  query<Row extends QueryResultRow>(query: QueryConfig): Promise<QueryResult<Row>>;
}

const expiry = `CASE lots.class
  WHEN 'INACTIVITY' THEN memberships.inactivity_expires_at ELSE lots.expires_at END`;
const pending = 'lots.available_at > memberships.last_entry_time';
const due = `(${expiry} <= $1 OR (${pending} AND lots.available_at <= $1))`;

// A balance asks for the lots that are due and for those that expire next; the points of all others are in the
// membership's row. Lots that have matured and expire together come as one. So somebody who has shopped every day for
// years sends as few rows as somebody who came twice: reading a lot here costs a hundredth of sending it.
const lotsOfBalance = `SELECT CASE WHEN ${pending} THEN lots.available_at ELSE '-infinity' END AS available_at,
    lots.expires_at, lots.class, sum(lots.remaining)::bigint AS remaining
  FROM lots
  WHERE lots.membership_id = memberships.membership_id AND (${due} OR ${expiry} = (
    SELECT min(${expiry}) FROM lots
    WHERE lots.membership_id = memberships.membership_id AND NOT ${due} AND ${expiry} < 'infinity'
  ))
  GROUP BY 1, 2, 3`;

// One statement, so that a balance and its lots are of the same time.
async function readRows(
  database: Queryable,
  { name, members, order, values, now }: AccountQuery,
): Promise<AccountRow[]> {
  const { rows } = await database.query<AccountRow>({
    name,
    text: `SELECT memberships.*, lots.available_at, lots.expires_at, lots.class, lots.remaining
      FROM memberships
      LEFT JOIN LATERAL (${lotsOfBalance}) AS lots ON true
      WHERE membership_id = ANY (ARRAY(${members}))
      ${order === undefined ? '' : `ORDER BY memberships.${order}`}`,
    values: [timestamptz(now), ...values],
  });
  return rows;
}

async function readWithHolds(tx: DbTransaction, query: AccountQuery): Promise<Account[]> {
  await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  const accounts = groupLots(await readRows(tx, query));
  const { rows } = await tx.query<RedemptionRow>({
    name: 'read_ended_holds',
    text: `SELECT * FROM redemptions
      WHERE membership_id = ANY($1::bigint[]) AND state = 'RESERVED' AND hold_expires_at <= $2`,
    values: [accounts.map(({ membership }) => membership.membershipId), timestamptz(query.now)],
  });
  const holds = Map.groupBy(rows.map(redemptionOf), ({ membershipId }) => membershipId);
  return accounts.map((account) => ({
    ...account,
    redemptions: holds.get(account.membership.membershipId) ?? [],
  }));
}

/** Accounts in the order in which they first come. */
function groupLots(rows: readonly AccountRow[]): Account[] {
  const lotsById = new Map<bigint, Lot[]>();
  const accounts: Account[] = [];
  for (const row of rows) {
    let lots = lotsById.get(row.membership_id);
    if (lots === undefined) {
      lots = [];
      lotsById.set(row.membership_id, lots);
      accounts.push({ membership: membershipOf(row), lots, redemptions: [], entries: [] });
    }
    if (hasLot(row)) lots.push(lotOf(row));
  }
  return accounts;
}

function hasLot(row: AccountRow): row is AccountRow & LotRow {
  return row.class !== null;
}
