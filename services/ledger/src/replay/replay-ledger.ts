import { type DbTransaction, transaction } from '@loyalty/platform/postgres/transaction.ts';
import { SEMANTICS } from '@loyalty/rules/evaluate.ts';
import type { Pool } from 'pg';
import type { Difference, ReplayedMember } from './history.ts';
import { readCapUsage, readHistory, readMembers } from './read-history.ts';
import { MemberReplay } from './replay-member.ts';
import type { FindProgram } from './stored-programs.ts';

/** How many memberships one database transaction reads. */
const membersPerTransaction = 200;

export interface ReplayOptions {
  readonly findProgram: FindProgram;
  /** Goes on behind this membership, from a replay that was interrupted; 0 begins with the first. */
  readonly after?: bigint;
  /** The number of the engine that derives; {@link SEMANTICS} where absent. */
  readonly semantics?: number;
  /** Called after each membership, with how many were replayed by now. */
  readonly onProgress?: (progress: { members: number; lastMembershipId: bigint }) => void;
  /** Called with each difference, membership by membership. */
  readonly onDifference: (difference: Difference) => void;
}

export interface ReplaySummary {
  readonly members: number;
  readonly entries: number;
  readonly differences: number;
}

/** How many memberships a replay reads. */
export async function countMembers(pool: Pool, after = 0n): Promise<number> {
  const { rows } = await pool.query<{ count: bigint }>(
    'SELECT count(*) FROM memberships WHERE membership_id > $1',
    [after],
  );
  return Number(rows[0]?.count ?? 0n);
}

/**
 * Derives every earn and refund of a ledger again, in the order of the journals' entries, while the ledger works. Reads each
 * membership as of one instant; writes nothing.
 */
export async function replayLedger(pool: Pool, options: ReplayOptions): Promise<ReplaySummary> {
  let [members, entries, differences] = [0, 0, 0];
  let after = options.after ?? 0n;
  for (;;) {
    const page = await transaction(pool, async (tx) => {
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      // Decisions are derived between the reads.
      await tx.query('SET LOCAL idle_in_transaction_session_timeout = 0');
      const found = await readMembers(tx, { after, limit: membersPerTransaction });
      for (const member of found) {
        const replayed = await replayMember(tx, member, options);
        members += 1;
        entries += replayed.entries;
        differences += replayed.differences;
        options.onProgress?.({ members, lastMembershipId: member.membershipId });
      }
      return found;
    });
    const last = page.at(-1);
    if (last === undefined) return { members, entries, differences };
    after = last.membershipId;
  }
}

async function replayMember(
  tx: DbTransaction,
  member: ReplayedMember,
  { findProgram, semantics = SEMANTICS, onDifference }: ReplayOptions,
): Promise<{ entries: number; differences: number }> {
  const program = await findProgram(member.programId, tx);
  if (program === undefined) {
    onDifference({
      ...member,
      subject: 'program',
      field: 'definition',
      stored: 'none that can be read',
      derived: 'the definition that its earns were decided by',
      decidedBy: undefined,
    });
    return { entries: 0, differences: 1 };
  }
  const replay = new MemberReplay(member, program, semantics);
  let entries = 0;
  for await (const part of readHistory(tx, member)) {
    replay.take(part);
    entries += part.entries.length;
  }
  const differences = replay.finish(await readCapUsage(tx, member));
  for (const difference of differences) onDifference(difference);
  return { entries, differences: differences.length };
}
