import type { Pool, QueryConfig, QueryResultRow } from 'pg';
import type { LedgerReader } from '../app/ledger-store.ts';
import { always, never } from '../domain/instant.ts';
import type { Account } from '../domain/journal.ts';
import type { Lot } from '../domain/lot.ts';
import {
  type EarnRow,
  type EntryRow,
  earnOf,
  entryOf,
  type LotRow,
  lotOf,
  type MembershipRow,
  membershipOf,
  type RedemptionRow,
  redemptionOf,
} from './rows.ts';
import { storageError } from './storage-error.ts';
import { timestamptz } from './timestamps.ts';

/** A membership with one of its lots; the lot's columns are NULL where it has none. */
type AccountRow = MembershipRow & {
  [Column in keyof Omit<LotRow, 'membership_id'>]: LotRow[Column] | null;
};

// One statement, so that a balance and its lots are of the same instant.
const accountsOf = (members: string) => `SELECT memberships.*, lots.available_at,
    lots.expires_at, lots.class, lots.remaining
  FROM (${members}) AS members
  JOIN memberships USING (membership_id)
  LEFT JOIN lots USING (membership_id)`;

/** Reads that lock nothing. */
export function createLedgerReader(pool: Pool): LedgerReader {
  async function read<Row extends QueryResultRow>(query: QueryConfig): Promise<Row[]> {
    try {
      return (await pool.query<Row>(query)).rows;
    } catch (error) {
      throw storageError(error);
    }
  }

  async function accounts(query: QueryConfig): Promise<Account[]> {
    return groupLots(await read<AccountRow>(query));
  }

  return {
    async account({ programId, userId }) {
      const [account] = await accounts({
        name: 'read_account',
        text: accountsOf(
          'SELECT membership_id FROM member_ids WHERE program_id = $1 AND user_id = $2',
        ),
        values: [programId, userId],
      });
      return account;
    },

    async earn({ programId, transactionId }) {
      const [row] = await read<EarnRow & { user_id: string }>({
        name: 'read_earn',
        text: `SELECT earns.*, memberships.user_id
          FROM earns JOIN memberships USING (membership_id)
          WHERE earns.program_id = $1 AND transaction_id = $2`,
        values: [programId, transactionId],
      });
      return row === undefined ? undefined : { ...earnOf(row), userId: row.user_id };
    },

    async accountsOfUser({ userId, programs, limit, after }) {
      return await accounts({
        name: 'read_accounts_of_user',
        text: `${accountsOf(`SELECT membership_id FROM member_ids
            WHERE user_id = $1 AND program_id > $2 AND ($3::text[] IS NULL OR program_id = ANY($3))
            ORDER BY program_id LIMIT $4`)}
          ORDER BY memberships.program_id`,
        values: [userId, after ?? '', programs ?? null, limit],
      });
    },

    async accountsOfProgram({ programId, limit, after }) {
      return await accounts({
        name: 'read_accounts_of_program',
        text: `${accountsOf(`SELECT membership_id FROM member_ids
            WHERE program_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3`)}
          ORDER BY memberships.user_id`,
        values: [programId, after ?? '', limit],
      });
    },

    async entries({ membershipId, kinds, startTime, endTime, limit, after }) {
      const rows = await read<EntryRow>({
        name: 'read_entries',
        text: `SELECT * FROM entries
          WHERE membership_id = $1
            AND ($2::bigint IS NULL OR sequence < $2)
            AND ($3::text[] IS NULL OR kind = ANY($3))
            AND create_time >= $4 AND create_time < $5
          ORDER BY sequence DESC LIMIT $6`,
        values: [
          membershipId,
          after ?? null,
          kinds.length === 0 ? null : kinds,
          timestamptz(startTime ?? always),
          timestamptz(endTime ?? never),
          limit,
        ],
      });
      return rows.map(entryOf);
    },

    async redemption({ programId, userId, redemptionId }) {
      const [row] = await read<RedemptionRow>({
        name: 'read_redemption',
        text: `SELECT redemptions.*
          FROM member_ids JOIN redemptions USING (membership_id)
          WHERE program_id = $1 AND user_id = $2 AND redemption_id = $3`,
        values: [programId, userId, redemptionId],
      });
      return row === undefined ? undefined : redemptionOf(row);
    },

    async redemptions({ membershipId, limit, after }) {
      const rows = await read<RedemptionRow>({
        name: 'read_redemptions_of_membership',
        text: `SELECT * FROM redemptions
          WHERE membership_id = $1 AND ($2::bigint IS NULL OR sequence < $2)
          ORDER BY sequence DESC LIMIT $3`,
        values: [membershipId, after ?? null, limit],
      });
      return rows.map(redemptionOf);
    },
  };
}

/** Accounts in the order of the rows; the rows of one account stand together or not, as the plan has it. */
function groupLots(rows: readonly AccountRow[]): Account[] {
  const grouped = new Map<bigint, { account: Account; lots: Lot[] }>();
  for (const row of rows) {
    let group = grouped.get(row.membership_id);
    if (group === undefined) {
      const lots: Lot[] = [];
      group = { account: { membership: membershipOf(row), lots, entries: [] }, lots };
      grouped.set(row.membership_id, group);
    }
    if (hasLot(row)) group.lots.push(lotOf(row));
  }
  return [...grouped.values()].map(({ account }) => account);
}

function hasLot(row: AccountRow): row is MembershipRow & LotRow {
  return row.class !== null;
}
