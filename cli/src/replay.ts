import type { Difference } from '@loyalty/ledger/replay/history.ts';
import { countMembers, replayLedger } from '@loyalty/ledger/replay/replay-ledger.ts';
import { storedPrograms } from '@loyalty/ledger/replay/stored-programs.ts';
import type { createPool } from '@loyalty/platform/postgres/pool.ts';
import { InvalidArgumentError } from 'commander';
import { createProgress } from './progress.ts';

/** Reads the id of a membership, as a replay that was interrupted names it. */
export function parseMembershipId(text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) {
    throw new InvalidArgumentError('It must be the number that an interrupted replay printed.');
  }
  return BigInt(text);
}

/**
 * Derives every earn and refund again and names what differs. Resolves to whether nothing does; what another engine
 * decided counts as nothing.
 */
export async function replay(
  pool: ReturnType<typeof createPool>,
  after: bigint | undefined,
): Promise<boolean> {
  const progress = createProgress(process.stderr);
  const stretch = progress.start('Replayed', await countMembers(pool, after));
  let lastMembershipId = after ?? 0n;
  const stop = (why: string) => {
    stretch.end();
    console.error(`${why} Continue with: loyalty verify --replay --after ${lastMembershipId}`);
  };
  const interrupted = () => {
    stop('Interrupted.');
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  let [faults, reviews] = [0, 0];
  try {
    const { members, entries } = await replayLedger(pool, {
      findProgram: storedPrograms(),
      ...(after !== undefined && { after }),
      onProgress(done) {
        ({ lastMembershipId } = done);
        stretch.to(done.members);
      },
      onDifference(difference) {
        if (difference.decidedBy === undefined) faults += 1;
        else reviews += 1;
        progress.notice(lineOf(difference));
      },
    });
    stretch.end();
    console.log(`I10 derived again        ${faults === 0 ? 'holds' : 'BROKEN'}`);
    console.log(
      `    ${members} memberships, ${entries} entries: ${faults} differences, ${reviews} decided by an earlier engine`,
    );
  } catch (error) {
    stop('The replay failed.');
    throw error;
  } finally {
    process.off('SIGINT', interrupted);
  }
  return faults === 0;
}

function lineOf({ programId, userId, subject, field, stored, derived, decidedBy }: Difference) {
  const engine = decidedBy === undefined ? '' : ` (decided by engine ${decidedBy}; for review)`;
  return `    - ${programId}, member ${userId}, ${subject}: ${field} stored ${stored}, derived ${derived}${engine}`;
}
