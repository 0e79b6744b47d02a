import type { Account, Cause } from '../domain/journal.ts';
import { resume } from '../domain/membership-changes.ts';
import type { CommitQueue } from './commit-queue.ts';
import { heldAccount } from './held-account.ts';
import type { MemberName } from './ledger-store.ts';
import type { ProgramCatalog } from './program-catalog.ts';
import { requireUnarchived } from './require-unarchived.ts';

/**
 * Lets a suspended member act again. Repeated it changes nothing.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived,
 * {@link MembershipNotFound} {@link IllegalTransition} when the user has left, and what {@link CommitQueue.submit} throws
 */
export type ResumeMembershipUseCase = (member: MemberName, cause: Cause) => Promise<Account>;

export function createResumeMembership(deps: {
  catalog: ProgramCatalog;
  queue: CommitQueue;
}): ResumeMembershipUseCase {
  return async (member, cause) => {
    requireUnarchived(await deps.catalog.getLatest(member.programId));
    return await deps.queue.submit({
      needs: { member },
      decide: (held) => {
        const account = heldAccount(held, member);
        if (account.membership.state === 'ACTIVE') return account;
        const after = resume(account, { cause, now: held.nowOf(account) });
        held.putAccount(after);
        return after;
      },
    });
  };
}
