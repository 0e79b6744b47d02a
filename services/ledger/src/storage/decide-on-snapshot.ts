import type { Instant } from '@loyalty/rules/instant.ts';
import type { Pool } from 'pg';
import type { Command, Needs } from '../app/ledger-store.ts';
import { type Locks, lockLedger } from './lock-ledger.ts';
import { lockedLedger } from './locked-ledger.ts';
import { memberKey } from './membership-ids.ts';
import { readOnlyTransaction } from './read-only-transaction.ts';
import { translated } from './storage-errors.ts';

/** Stands for the id that a user who joins would get. Nobody has it, and it is never written. */
const newMembershipId = 0n;

/**
 * Lets a command decide on one snapshot of the ledger as if nobody else were there, and forgets what it put. The database
 * transaction is read-only, so that PostgreSQL refuses to lock or to write for it.
 *
 * @param member of the needs: their id, undefined for a user who never joined
 */
export async function decideOnSnapshot<Result>(
  pool: Pool,
  command: Command<Result>,
  { membershipId, now }: { membershipId: bigint | undefined; now: Instant },
): Promise<Result> {
  const { needs } = command;
  const outcome = await translated(
    readOnlyTransaction(pool, async (tx) => {
      const locks = locksOf(needs, membershipId);
      const { loaded } = await lockLedger(tx, [needs], {
        locks,
        clock: () => now,
        locking: 'NONE',
      });
      return lockedLedger(loaded).run(command);
    }),
  );
  if ('error' in outcome) throw outcome.error;
  return outcome.result as Result;
}

function locksOf({ member, mayJoin }: Needs, membershipId: bigint | undefined): Locks {
  const key = member && memberKey(member);
  const idOf = (id: bigint | undefined) =>
    new Map(key === undefined || id === undefined ? [] : [[key, id] as const]);
  const isNew = membershipId === undefined && mayJoin === true;
  return {
    membershipIds: idOf(membershipId),
    newMembershipIds: idOf(isNew ? newMembershipId : undefined),
    otherIds: [],
  };
}
