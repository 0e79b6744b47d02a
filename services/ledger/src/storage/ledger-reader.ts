import type { Pool } from 'pg';
import type { LedgerReader, MemberName } from '../app/ledger-store.ts';
import { decideOnSnapshot } from './decide-on-snapshot.ts';
import { createRead } from './read.ts';
import { createMemberAccountReader } from './read-account.ts';
import { readsById } from './read-by-id.ts';
import { dueReads } from './read-due.ts';
import { earnReads } from './read-earns.ts';
import { entryReads } from './read-entries.ts';
import { readAccountByDate } from './read-lot-dates.ts';
import { memberReads } from './read-members.ts';
import { programReads } from './read-program.ts';
import { redemptionReads } from './read-redemptions.ts';
import { readStatement } from './read-statement.ts';

/** Reads that lock nothing. Most come from the file about what they read. */
export function createLedgerReader(pool: Pool): LedgerReader {
  const read = createRead(pool);

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
    statement: (query, now) => readStatement(pool, query, now),
    ...dueReads(read),
    ...earnReads(read),
    ...entryReads(read),
    ...memberReads(pool),
    ...programReads(read),
    ...readsById(read),
    ...redemptionReads(read),
  };
}
