import {
  type AttributesUpdate,
  requireFewEnough,
  updatedAttributes,
} from '../domain/attributes.ts';
import { type EtagConditions, requireAttributesAsRead } from '../domain/etag.ts';
import type { Account, Cause } from '../domain/journal.ts';
import { updateAttributes } from '../domain/membership-changes.ts';
import type { CommitQueue } from './commit-queue.ts';
import { heldAccount } from './held-account.ts';
import type { MemberName } from './ledger-store.ts';
import type { ProgramCatalog } from './program-catalog.ts';
import { requireUnarchived } from './require-unarchived.ts';

export interface UpdateMembershipInput extends MemberName {
  readonly attributes: AttributesUpdate;
  /** If-Match conditions; the caller has read one of the etags of each. */
  readonly etags: EtagConditions;
}

/**
 * Changes what conditions may ask about a member. An update to what the attributes are already leaves no entry.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived,
 * {@link MembershipNotFound} {@link EtagMismatch} {@link InvalidCommand}, and what {@link CommitQueue.submit} throws
 */
export type UpdateMembershipUseCase = (
  input: UpdateMembershipInput,
  cause: Cause,
) => Promise<Account>;

export function createUpdateMembership(deps: {
  catalog: ProgramCatalog;
  queue: CommitQueue;
}): UpdateMembershipUseCase {
  return async ({ attributes: update, etags, ...member }, cause) => {
    requireUnarchived(await deps.catalog.getLatest(member.programId));
    return await deps.queue.submit({
      needs: { member },
      decide: (held) => {
        const account = heldAccount(held, member);
        const { membership } = account;
        requireAttributesAsRead(membership, etags);
        const attributes = updatedAttributes(membership.attributes, update);
        if (attributes === membership.attributes) return account;
        requireFewEnough(attributes, 'membership.attributes');
        const after = updateAttributes(account, { attributes, cause, now: held.nowOf(account) });
        held.putAccount(after);
        return after;
      },
    });
  };
}
