import { instant } from '@loyalty/platform/postgres/timestamptz.ts';
import type { Pool, QueryConfig, QueryResultRow } from 'pg';
import type { LedgerReader, MemberName } from '../app/ledger-store.ts';
import { decideOnSnapshot } from './decide-on-snapshot.ts';
import { type EarnRow, earnOf, type RefundRow, refundOf } from './earn-rows.ts';
import { type EntryRow, entryOf } from './entry-rows.ts';
import { createMemberAccountReader } from './read-account.ts';
import { createAccountReader } from './read-accounts.ts';
import { readEarnsById, readRedemptionsById, readRefundsById } from './read-by-id.ts';
import { readDueMemberships } from './read-due.ts';
import {
  readEarn,
  readEarnsOfMembership,
  readRefundsOfPurchase,
  readWaitingRefunds,
} from './read-earns.ts';
import { readEntries } from './read-entries.ts';
import { readAccountByDate } from './read-lot-dates.ts';
import { readAccountsOfUser, readMembers } from './read-members.ts';
import {
  readEarnsOfProgram,
  readEntriesOfProgram,
  readRedemptionsOfProgram,
} from './read-program.ts';
import {
  readOpenHolds,
  readRedemption,
  readRedemptionsOfMembership,
  readRewardsTaken,
} from './read-redemptions.ts';
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

    async earn(name) {
      const [row] = await read<EarnRow & { user_id: string }>(readEarn(name));
      return row === undefined ? undefined : { ...earnOf(row), userId: row.user_id };
    },

    async earns(query) {
      const rows = await read<EarnRow>(readEarnsOfMembership(query));
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

    async refundsOf(name) {
      const rows = await read<RefundRow>(readRefundsOfPurchase(name));
      return rows.map(refundOf);
    },

    async waitingRefunds(query) {
      const rows = await read<RefundRow>(readWaitingRefunds(query));
      return rows.map(refundOf);
    },

    async accountsOfUser(query) {
      return await accounts(readAccountsOfUser(query));
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

    async rewardsTaken(query) {
      return await read<{ stock: bigint; byMember: bigint }>(readRewardsTaken(query));
    },

    async due(query) {
      const rows = await read<{ membership_id: bigint }>(readDueMemberships(query));
      return rows.map((row) => row.membership_id);
    },

    async redemption(name) {
      const [row] = await read<RedemptionRow>(readRedemption(name));
      return row === undefined ? undefined : redemptionOf(row);
    },

    async redemptions(query) {
      const rows = await read<RedemptionRow>(readRedemptionsOfMembership(query));
      return rows.map(redemptionOf);
    },

    async openHolds(query) {
      const rows = await read<RedemptionRow & { user_id: string; hold_expires_at: Date }>(
        readOpenHolds(query),
      );
      return rows.map((row) => ({
        ...redemptionOf(row),
        userId: row.user_id,
        holdExpiresAt: instant(row.hold_expires_at),
      }));
    },
  };
}
