import { instant, timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import { transaction } from '@loyalty/platform/postgres/transaction.ts';
import { beginningOfTime, type Instant } from '@loyalty/rules/instant.ts';
import type { Pool } from 'pg';
import type { DuePosition, MemberNotice, NoticeStore } from '../app/give-notices.ts';
import { bulk } from './bulk.ts';
import {
  type AccountRow,
  accountsOf,
  lotDue,
  lotExpiry,
  lotPending,
  lotsWhere,
  readAccountRows,
} from './read-accounts.ts';
import { translated } from './storage-errors.ts';

// Reads members of all programs: an index by program as well would cost every entry that changes when something is due.
const accountsDue = `SELECT memberships.*, lots.available_at, lots.expires_at, lots.class, lots.remaining
  FROM (
    SELECT * FROM memberships
    WHERE (next_due_at, membership_id) > ($3, $4) AND next_due_at <= $2 AND next_due_at < 'infinity'
    ORDER BY next_due_at, membership_id LIMIT $5
  ) AS memberships
  LEFT JOIN LATERAL (
    ${lotsWhere(`${lotDue} OR ${lotExpiry} <= $2 OR (${lotPending} AND lots.available_at <= $2)`)}
  ) AS lots ON true`;

interface NoticeRow {
  readonly membershipId: bigint;
  readonly kind: string;
  readonly date: string;
}

const noticeColumns = bulk<NoticeRow & { now: Instant }>({
  membership_id: ['bigint', ({ membershipId }) => membershipId],
  kind: ['text', ({ kind }) => kind],
  notice_date: ['text', ({ date }) => date],
  give_time: ['timestamptz', ({ now }) => now],
});

// In the order of the keys, so that replicas that give the same notices wait for each other in one direction only.
const insertNotices = `INSERT INTO notices (${noticeColumns.names})
  SELECT membership_id, kind, CAST(notice_date AS date), give_time FROM ${noticeColumns.source}
  ORDER BY membership_id, kind, notice_date
  ON CONFLICT DO NOTHING
  RETURNING membership_id, kind, CAST(notice_date AS text) AS notice_date`;

/** The table of notices that were given, which are never forgotten, and what they are decided on. */
export function createNotices({
  pool,
  encodeNotices,
  wakeRelay,
}: {
  pool: Pool;
  /** The batch of events that notices are announced with. */
  encodeNotices: (notices: readonly MemberNotice[], now: Instant) => Uint8Array;
  /** Called after every commit that left something in the outbox. */
  wakeRelay: () => void;
}): NoticeStore {
  return {
    async daysMax() {
      const { rows } = await translated(
        pool.query<{ notice_days: number }>({
          name: 'read_notice_days',
          text: `SELECT notice_days FROM program_snapshots WHERE notice_days > 0
            ORDER BY notice_days DESC LIMIT 1`,
        }),
      );
      return rows[0]?.notice_days ?? 0;
    },

    async accountsDue({ until, after, limit }, now) {
      const { dueAt, membershipId } = after ?? { dueAt: beginningOfTime, membershipId: 0n };
      const read = await readAccountRows(pool, {
        name: 'read_accounts_due',
        text: accountsDue,
        values: [timestamptz(now), timestamptz(until), timestamptz(dueAt), membershipId, limit],
        now,
      });
      const accounts = accountsOf(read);
      return { accounts, last: accounts.length < limit ? undefined : lastOf(read.rows) };
    },

    async give(notices, now) {
      const given = await translated(
        transaction(pool, async (tx) => {
          const { rows } = await tx.query<{
            membership_id: bigint;
            kind: string;
            notice_date: string;
          }>(
            noticeColumns.statement(
              'insert_notices',
              insertNotices,
              notices.map(({ notice: { kind, date }, membership: { membershipId } }) => ({
                ...{ membershipId, kind, date },
                now,
              })),
            ),
          );
          const keys = new Set(
            rows.map((row) =>
              keyOf({ membershipId: row.membership_id, kind: row.kind, date: row.notice_date }),
            ),
          );
          const isNew = ({ notice, membership: { membershipId } }: MemberNotice) =>
            keys.has(keyOf({ ...notice, membershipId }));
          const announced = notices.filter(isNew);
          if (announced.length > 0) {
            await tx.query({
              name: 'insert_outbox_batch',
              text: 'INSERT INTO outbox (batch) VALUES ($1)',
              values: [encodeNotices(announced, now)],
            });
          }
          return announced.length;
        }),
      );
      if (given > 0) wakeRelay();
    },
  };
}

function keyOf({ membershipId, kind, date }: NoticeRow): string {
  return `${membershipId} ${kind} ${date}`;
}

/** A member with many lots has many rows, in no order. */
function lastOf(rows: readonly AccountRow[]): DuePosition | undefined {
  let last: DuePosition | undefined;
  for (const row of rows) {
    const position = { dueAt: instant(row.next_due_at), membershipId: row.membership_id };
    if (
      last === undefined ||
      position.dueAt > last.dueAt ||
      (position.dueAt === last.dueAt && position.membershipId > last.membershipId)
    ) {
      last = position;
    }
  }
  return last;
}
