import type { Account, Cause } from '../domain/journal.ts';
import { suspend } from '../domain/membership-changes.ts';
import type { CommitQueue } from './commit-queue.ts';
import { heldAccount } from './held-account.ts';
import type { MemberName } from './ledger-store.ts';
import type { ProgramCatalog } from './program-catalog.ts';
import { requireUnarchived } from './require-unarchived.ts';

/**
 * Stops a member's earns and redemptions. Repeated it changes nothing.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived,
 * {@link MembershipNotFound} {@link IllegalTransition} when the user has left, and what {@link CommitQueue.submit} throws
 */
export type SuspendMembershipUseCase = (member: MemberName, cause: Cause) => Promise<Account>;

export function createSuspendMembership(deps: {
  catalog: ProgramCatalog;
  queue: CommitQueue;
}): SuspendMembershipUseCase {
  return async (member, cause) => {
    requireUnarchived(await deps.catalog.getLatest(member.programId));
    return await deps.queue.submit({
      needs: { member },
      decide: (held) => {
        const account = heldAccount(held, member);
        if (account.membership.state === 'SUSPENDED') return account;
        const after = suspend(account, { cause, now: held.nowOf(account) });
        held.putAccount(after);
        return after;
      },
    });
  };
}
