import { instant, type Timestamp, timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import type { DbTransaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { Pool, QueryConfig } from 'pg';
import type { Account } from '../domain/journal.ts';
import type { Lot } from '../domain/lot.ts';
import type { Redemption } from '../domain/redemption-state.ts';
import { type LotRow, lotOf, type MembershipRow, membershipOf } from './membership-rows.ts';
import { readOnlyTransaction } from './read-only-transaction.ts';
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
export type AccountRow = MembershipRow & { next_due_at: Timestamp } & {
  [Column in keyof Omit<LotRow, 'membership_id'>]: LotRow[Column] | null;
};

/** A statement that reads rows of accounts; $1 is the instant of the balances. */
export interface AccountStatement extends QueryConfig {
  readonly now: Instant;
}

/** Reads accounts with all that their balance at an instant depends on, each as it was stored at one time. Locks nothing. */
export function createAccountReader(pool: Pool): (query: AccountQuery) => Promise<Account[]> {
  return async (query) => accountsOf(await readAccountRows(pool, statementOf(query)));
}

/** Rows of accounts, and the holds of theirs that have ended. */
export interface AccountRows {
  readonly rows: readonly AccountRow[];
  readonly endedHolds: readonly Redemption[];
}

/** Reads rows of accounts, each as it was stored at one time. Locks nothing. */
export async function readAccountRows(
  pool: Pool,
  statement: AccountStatement,
): Promise<AccountRows> {
  const { rows } = await translated(pool.query<AccountRow>(statement));
  // Few members have a hold that has ended a moment ago, so the others don't pay for looking at them.
  return rows.some((row) => hasEndedHold(row, statement.now))
    ? await translated(readOnlyTransaction(pool, async (tx) => await readWithHolds(tx, statement)))
    : { rows, endedHolds: [] };
}

/** Whether a hold of the row's account has ended by then, but not been released. */
export function hasEndedHold(row: AccountRow, now: Instant): boolean {
  return row.reserved > 0n && instant(row.next_due_at) <= now;
}

export const lotExpiry = `CASE lots.class
  WHEN 'INACTIVITY' THEN memberships.inactivity_expires_at ELSE lots.expires_at END`;
export const lotPending = 'lots.available_at > memberships.last_entry_time';
export const lotDue = `(${lotExpiry} <= $1 OR (${lotPending} AND lots.available_at <= $1))`;

/**
 * The lots of a membership. Those that have matured and expire together come as one, so that somebody who has shopped every
 * day for years sends as few rows as somebody who came twice: reading a lot here costs a hundredth of sending it.
 */
export function lotsWhere(condition: string): string {
  return `SELECT CASE WHEN ${lotPending} THEN lots.available_at ELSE '-infinity' END AS available_at,
      lots.expires_at, lots.class, sum(lots.remaining)::bigint AS remaining
    FROM lots
    WHERE lots.membership_id = memberships.membership_id AND (${condition})
    GROUP BY 1, 2, 3`;
}

const first = (date: string, condition: string) => `(
    SELECT min(${date}) FROM lots
    WHERE lots.membership_id = memberships.membership_id AND NOT ${lotDue} AND ${condition}
  )`;

// A balance asks for the lots that are due, and for those that expire or mature next; the points of all others are in the
// membership's row.
const lotsOfBalance = lotsWhere(`${lotDue}
    OR ${lotExpiry} = ${first(lotExpiry, `${lotExpiry} < 'infinity'`)}
    OR lots.available_at = ${first('lots.available_at', lotPending)}`);

/** One statement, so that a balance and its lots are of the same time. */
export function statementOf({ name, members, order, values, now }: AccountQuery): AccountStatement {
  return {
    name,
    text: `SELECT memberships.*, lots.available_at, lots.expires_at, lots.class, lots.remaining
      FROM memberships
      LEFT JOIN LATERAL (${lotsOfBalance}) AS lots ON true
      WHERE membership_id = ANY (ARRAY(${members}))
      ${order === undefined ? '' : `ORDER BY memberships.${order}`}`,
    values: [timestamptz(now), ...values],
    now,
  };
}

/** Reads rows of accounts, and the holds of theirs that have ended, in a {@link readOnlyTransaction}. */
export async function readWithHolds(
  tx: DbTransaction,
  statement: AccountStatement,
): Promise<AccountRows> {
  const { rows } = await tx.query<AccountRow>(statement);
  const holds = await tx.query<RedemptionRow>({
    name: 'read_ended_holds',
    text: `SELECT * FROM redemptions
      WHERE membership_id = ANY($1::bigint[]) AND state = 'RESERVED' AND hold_expires_at <= $2`,
    values: [[...new Set(rows.map((row) => row.membership_id))], timestamptz(statement.now)],
  });
  return { rows, endedHolds: holds.rows.map(redemptionOf) };
}

/** Accounts in the order in which they first come. */
export function accountsOf({ rows, endedHolds }: AccountRows): Account[] {
  const holds = Map.groupBy(endedHolds, ({ membershipId }) => membershipId);
  const lotsById = new Map<bigint, Lot[]>();
  const accounts: Account[] = [];
  for (const row of rows) {
    const membershipId = row.membership_id;
    let lots = lotsById.get(membershipId);
    if (lots === undefined) {
      lots = [];
      lotsById.set(membershipId, lots);
      const redemptions = holds.get(membershipId) ?? [];
      accounts.push({ membership: membershipOf(row), lots, redemptions, entries: [] });
    }
    if (hasLot(row)) lots.push(lotOf(row));
  }
  return accounts;
}

function hasLot(row: AccountRow): row is AccountRow & LotRow {
  return row.class !== null;
}
