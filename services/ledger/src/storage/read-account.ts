import type { DbTransaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { Pool } from 'pg';
import type { LedgerReader, MemberName } from '../app/ledger-store.ts';
import type { Account } from '../domain/journal.ts';
import { gatherReads } from './gather-reads.ts';
import { memberKey } from './membership-ids.ts';
import { perRow } from './plan-forms.ts';
import {
  type AccountRow,
  type AccountStatement,
  accountsOf,
  hasEndedHold,
  readWithHolds,
  statementOf,
} from './read-accounts.ts';
import { readOnlyTransaction } from './read-only-transaction.ts';
import { translated } from './storage-errors.ts';

/** Bounds what a statement reads, and for how many callers it fails. */
const accountsMax = 100;

/** Reads the accounts of members, each as it was stored at one time. Locks nothing. */
export function createMemberAccountReader(pool: Pool): LedgerReader['account'] {
  const read = gatherReads(
    async (questions: readonly { member: MemberName; now: Instant }[]) => {
      // All that a balance depends on at an instant is among what it depends on later.
      const now = Math.max(...questions.map((question) => question.now));
      const members = questions.map(({ member }) => member);
      const { rows } = await translated(pool.query<AccountRow>(statementFor(members, now)));
      const found = accountsOf({ rows, endedHolds: [] });
      const accounts = new Map(found.map((each) => [memberKey(each.membership), each]));
      const overdue = new Set(
        rows.filter((row) => hasEndedHold(row, now)).map((row) => row.membership_id),
      );
      return members.map((member) => {
        const account = accounts.get(memberKey(member));
        const isOverdue = account !== undefined && overdue.has(account.membership.membershipId);
        // Few members have a hold that has ended a moment ago, so the others don't wait for looking at them.
        return isOverdue ? readWithEndedHolds(pool, member, now) : account;
      });
    },
    { maxBatch: accountsMax },
  );
  return (member, now) => read({ member, now });
}

async function readWithEndedHolds(
  pool: Pool,
  member: MemberName,
  now: Instant,
): Promise<Account | undefined> {
  return await translated(
    readOnlyTransaction(pool, async (tx) => await readAccountIn(tx, member, now)),
  );
}

/** Reads the account of a member in a {@link readOnlyTransaction}. */
export async function readAccountIn(
  tx: DbTransaction,
  member: MemberName,
  now: Instant,
): Promise<Account | undefined> {
  const [account] = accountsOf(await readWithHolds(tx, statementFor([member], now)));
  return account;
}

function statementFor(members: readonly MemberName[], now: Instant): AccountStatement {
  return statementOf({
    name: 'read_accounts',
    members: `SELECT membership_id
      FROM unnest($2::text[], $3::text[]) AS names (program_id, user_id)
      CROSS JOIN LATERAL (
        SELECT membership_id FROM member_ids
        WHERE program_id = names.program_id AND user_id = names.user_id ${perRow}
      ) AS member_ids`,
    values: [members.map(({ programId }) => programId), members.map(({ userId }) => userId)],
    now,
  });
}
