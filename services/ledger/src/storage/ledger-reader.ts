import { instant, timestamptz, timestamptzOrNull } from '@loyalty/platform/postgres/timestamptz.ts';
import type { Pool, QueryConfig, QueryResultRow } from 'pg';
import type { LedgerReader, MemberName } from '../app/ledger-store.ts';
import { beginningOfTime } from '../domain/instant.ts';
import { aboveAllIds } from './column-values.ts';
import { decideOnSnapshot } from './decide-on-snapshot.ts';
import { type EarnRow, earnOf, type RefundRow, refundOf } from './earn-rows.ts';
import { type EntryRow, entryOf } from './entry-rows.ts';
import { perRow } from './plan-forms.ts';
import { createMemberAccountReader } from './read-account.ts';
import { createAccountReader } from './read-accounts.ts';
import { readEarnsById, readRedemptionsById, readRefundsById } from './read-by-id.ts';
import { readEntries } from './read-entries.ts';
import { readAccountByDate } from './read-lot-dates.ts';
import { readMembers } from './read-members.ts';
import {
  readEarnsOfProgram,
  readEntriesOfProgram,
  readRedemptionsOfProgram,
} from './read-program.ts';
import { readStatement } from './read-statement.ts';
import { type RedemptionRow, redemptionOf } from './redemption-rows.ts';
import { translated } from './storage-errors.ts';

/** Reads that lock nothing. */
export function createLedgerReader(pool: Pool): LedgerReader {
  const accounts = createAccountReader(pool);

  async function read<Row extends QueryResultRow>(query: QueryConfig): Promise<Row[]> {
    return (await translated(pool.query<Row>(query))).rows;
  }

  async function membershipId({ programId, userId }: MemberName): Promise<bigint | undefined> {
    const [row] = await read<{ membership_id: bigint }>({
      name: 'read_membership_id',
      text: 'SELECT membership_id FROM member_ids WHERE program_id = $1 AND user_id = $2',
      values: [programId, userId],
    });
    return row?.membership_id;
  }

  return {
    async decide(command, now) {
      const found = await membershipId(command.needs.member);
      return await decideOnSnapshot(pool, command, { membershipId: found, now });
    },

    membershipId,

    account: createMemberAccountReader(pool),

    accountByDate: (query, now) => readAccountByDate(pool, query, now),

    async earn({ programId, transactionId }) {
      const [row] = await read<EarnRow & { user_id: string }>({
        name: 'read_earn',
        text: `SELECT earns.*, (
            SELECT user_id FROM memberships WHERE membership_id = earns.membership_id
          ) AS user_id
          FROM earns
          WHERE program_id = $1 AND transaction_id = $2 AND membership_id IS NOT NULL`,
        values: [programId, transactionId],
      });
      return row === undefined ? undefined : { ...earnOf(row), userId: row.user_id };
    },

    async earns({ membershipId, limit, after }) {
      // The journal has a member's earns in order; the earns' own key is the purchase's id.
      const rows = await read<EarnRow>({
        name: 'read_earns_of_membership',
        text: `SELECT earns.*
          FROM (
            SELECT sequence, transaction_id FROM entries
            WHERE membership_id = $1 AND kind = 'EARN' AND sequence < $2
            ORDER BY sequence DESC LIMIT $3
          ) AS entries
          CROSS JOIN LATERAL (
            SELECT * FROM earns
            WHERE program_id = (SELECT program_id FROM memberships WHERE membership_id = $1)
              AND transaction_id = entries.transaction_id ${perRow}
          ) AS earns
          ORDER BY entries.sequence DESC`,
        values: [membershipId, after ?? aboveAllIds, limit],
      });
      return rows.map(earnOf);
    },

    async earnsById(query) {
      if (query.transactionIds.length === 0) return [];
      return (await read<EarnRow>(readEarnsById(query))).map(earnOf);
    },

    async refundsById(query) {
      if (query.refunds.length === 0) return [];
      return (await read<RefundRow>(readRefundsById(query))).map(refundOf);
    },

    async redemptionsById(redemptions) {
      if (redemptions.length === 0) return [];
      return (await read<RedemptionRow>(readRedemptionsById(redemptions))).map(redemptionOf);
    },

    async refundsOf({ programId, transactionId }) {
      const rows = await read<RefundRow>({
        name: 'read_refunds_of_transaction',
        text: `SELECT * FROM refunds WHERE program_id = $1 AND transaction_id = $2
          ORDER BY arrival`,
        values: [programId, transactionId],
      });
      return rows.map(refundOf);
    },

    async waitingRefunds({ programId, limit, after }) {
      const rows = await read<RefundRow>({
        name: 'read_waiting_refunds',
        text: `SELECT * FROM refunds
          WHERE state = 'WAITING' AND program_id = $1 AND (transaction_id, refund_id) > ($2, $3)
          ORDER BY transaction_id, refund_id LIMIT $4`,
        values: [programId, after?.transactionId ?? '', after?.refundId ?? '', limit],
      });
      return rows.map(refundOf);
    },

    async accountsOfUser({ userId, programs, now, limit, after }) {
      return await accounts({
        name: 'read_accounts_of_user',
        // The first condition is that of the index by user, which serves no statement without it.
        members: `SELECT membership_id FROM member_ids
          WHERE user_id <> '' AND user_id = $2 AND program_id > $3
            AND ($4::text[] IS NULL OR program_id = ANY($4))
          ORDER BY program_id LIMIT $5`,
        order: 'program_id',
        values: [userId, after ?? '', programs ?? null, limit],
        now,
      });
    },

    async accountsOfProgram(query) {
      return await accounts(readMembers(query));
    },

    async entries(query) {
      return (await read<EntryRow>(readEntries(query))).map(entryOf);
    },

    statement: (query, now) => readStatement(pool, query, now),

    async earnsOfProgram(query) {
      const rows = await read<EarnRow & { user_id: string }>(readEarnsOfProgram(query));
      return rows.map((row) => ({ ...earnOf(row), userId: row.user_id }));
    },

    async entriesOfProgram(query) {
      const { programId } = query;
      const rows = await read<EntryRow & { membership_id: bigint; user_id: string }>(
        readEntriesOfProgram(query),
      );
      return rows.map((row) => ({
        programId,
        userId: row.user_id,
        membershipId: row.membership_id,
        entry: entryOf(row),
      }));
    },

    async redemptionsOfProgram(query) {
      const rows = await read<RedemptionRow & { user_id: string }>(readRedemptionsOfProgram(query));
      return rows.map((row) => ({ ...redemptionOf(row), userId: row.user_id }));
    },

    async rewardsTaken({ programId, membershipId, rewards }) {
      const usages = rewards.map(({ usage }) => usage);
      return await read<{ stock: bigint; byMember: bigint }>({
        name: 'read_rewards_taken',
        text: `SELECT coalesce((
              SELECT taken FROM reward_stock
              WHERE program_id = $1 AND reward_id = asked.reward_id
            ), 0)::bigint AS stock,
            coalesce((
              SELECT taken FROM reward_usage
              WHERE membership_id = $2 AND reward_id = asked.reward_id
                AND period = asked.period AND period_start = asked.period_start
            ), 0)::bigint AS "byMember"
          FROM unnest($3::text[], $4::text[], $5::timestamptz[])
            WITH ORDINALITY AS asked (reward_id, period, period_start, position)
          ORDER BY asked.position`,
        values: [
          programId,
          membershipId,
          rewards.map(({ rewardId }) => rewardId),
          usages.map((usage) => usage?.period),
          usages.map((usage) => timestamptzOrNull(usage?.start)),
        ],
      });
    },

    async due({ now, limit }) {
      const rows = await read<{ membership_id: bigint }>({
        name: 'read_due_memberships',
        text: `SELECT membership_id
          FROM (
            SELECT membership_id, sum(lines) OVER (ORDER BY next_due_at, membership_id) - lines AS lines_before
            FROM (
              SELECT membership_id, next_due_at, CASE WHEN reserved = 0 THEN 1 ELSE (
                  SELECT greatest(count(*), 1) FROM redemptions
                  WHERE redemptions.membership_id = memberships.membership_id
                    AND redemptions.state = 'RESERVED' AND hold_expires_at <= $1
                ) END AS lines
              FROM memberships
              WHERE next_due_at <= $1 AND next_due_at < 'infinity'
              ORDER BY next_due_at LIMIT $2
            ) AS longest_due
          ) AS due
          WHERE lines_before < $2 ORDER BY lines_before`,
        values: [timestamptz(now), limit],
      });
      return rows.map((row) => row.membership_id);
    },

    async redemption({ programId, userId, redemptionId }) {
      const [row] = await read<RedemptionRow>({
        name: 'read_redemption',
        text: `SELECT * FROM redemptions
          WHERE membership_id = (
            SELECT membership_id FROM member_ids WHERE program_id = $1 AND user_id = $2
          ) AND redemption_id = $3`,
        values: [programId, userId, redemptionId],
      });
      return row === undefined ? undefined : redemptionOf(row);
    },

    async redemptions({ membershipId, limit, after }) {
      const rows = await read<RedemptionRow>({
        name: 'read_redemptions_of_membership',
        text: `SELECT * FROM redemptions
          WHERE membership_id = $1 AND sequence < $2
          ORDER BY sequence DESC LIMIT $3`,
        values: [membershipId, after ?? aboveAllIds, limit],
      });
      return rows.map(redemptionOf);
    },

    async openHolds({ programId, now, limit, after }) {
      const rows = await read<RedemptionRow & { user_id: string; hold_expires_at: Date }>({
        name: 'read_open_holds',
        text: `SELECT redemptions.*, (
            SELECT user_id FROM memberships WHERE membership_id = redemptions.membership_id
          ) AS user_id
          FROM redemptions
          WHERE state = 'RESERVED' AND program_id = $1
            AND hold_expires_at > $2 AND (hold_expires_at, redemption_id) > ($3, $4)
          ORDER BY hold_expires_at, redemption_id LIMIT $5`,
        values: [
          programId,
          timestamptz(now),
          timestamptz(after?.holdExpiresAt ?? beginningOfTime),
          after?.redemptionId ?? '',
          limit,
        ],
      });
      return rows.map((row) => ({
        ...redemptionOf(row),
        userId: row.user_id,
        holdExpiresAt: instant(row.hold_expires_at),
      }));
    },
  };
}
