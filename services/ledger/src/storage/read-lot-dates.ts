import { timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import type { Pool } from 'pg';
import type { LedgerReader, LotDate } from '../app/ledger-store.ts';
import {
  accountsOf,
  lotDue,
  lotExpiry,
  lotPending,
  lotsWhere,
  readAccountRows,
} from './read-accounts.ts';

const dates = {
  EXPIRY: statement({
    name: 'read_expiry_dates',
    date: lotExpiry,
    has: `${lotExpiry} < 'infinity'`,
  }),
  MATURITY: statement({
    name: 'read_maturity_dates',
    date: 'lots.available_at',
    has: `${lotPending} AND lots.available_at < ${lotExpiry}`,
  }),
} satisfies Record<LotDate, unknown>;

/** Reads all lots of each date, however many there are. */
function statement({ name, date, has }: { name: string; date: string; has: string }) {
  const isLater = `NOT ${lotDue} AND ${has} AND ${date} > $4`;
  const text = `SELECT memberships.*, lots.available_at, lots.expires_at, lots.class, lots.remaining
    FROM memberships
    CROSS JOIN LATERAL (
      SELECT max(date) AS until
      FROM (
        SELECT DISTINCT ${date} AS date FROM lots
        WHERE lots.membership_id = memberships.membership_id AND ${isLater}
        ORDER BY date LIMIT $5
      ) AS next
    ) AS dates
    LEFT JOIN LATERAL (
      ${lotsWhere(`${lotDue} OR (${isLater} AND ${date} <= dates.until)`)}
    ) AS lots ON true
    WHERE membership_id = ANY (ARRAY(
      SELECT membership_id FROM member_ids WHERE program_id = $2 AND user_id = $3
    ))`;
  return { name, text };
}

/** Reads an account with the lots that have a date of a page, and with those that are due. */
export async function readAccountByDate(
  pool: Pool,
  ...[query, now]: Parameters<LedgerReader['accountByDate']>
): ReturnType<LedgerReader['accountByDate']> {
  const { programId, userId, by, after, limit } = query;
  const read = await readAccountRows(pool, {
    ...dates[by],
    values: [timestamptz(now), programId, userId, timestamptz(after), limit],
    now,
  });
  const [account] = accountsOf(read);
  return account;
}
