import type { Account, Cause } from '../domain/journal.ts';
import { updateAttributes } from '../domain/membership-changes.ts';
import type { CommitQueue } from './commit-queue.ts';
import { heldAccount } from './held-account.ts';
import type { MemberName } from './ledger-store.ts';
import type { ProgramCatalog } from './program-catalog.ts';
import { requireUnarchived } from './require-unarchived.ts';

/**
 * Changes what conditions may ask about a member; undefined attributes stay as they are.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived,
 * {@link MembershipNotFound}, and what {@link CommitQueue.submit} throws
 */
export type UpdateMembershipUseCase = (
  input: MemberName & { attributes: Readonly<Record<string, string>> | undefined },
  cause: Cause,
) => Promise<Account>;

export function createUpdateMembership(deps: {
  catalog: ProgramCatalog;
  queue: CommitQueue;
}): UpdateMembershipUseCase {
  return async ({ attributes, ...member }, cause) => {
    requireUnarchived(await deps.catalog.get(member.programId));
    return await deps.queue.submit({
      needs: { member },
      decide: (held) => {
        const account = heldAccount(held, member);
        if (attributes === undefined || same(attributes, account.membership.attributes)) {
          return account;
        }
        const after = updateAttributes(account, { attributes, cause, now: held.nowOf(account) });
        held.putAccount(after);
        return after;
      },
    });
  };
}

function same(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
