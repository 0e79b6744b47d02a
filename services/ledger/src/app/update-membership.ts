import type { Author } from '@loyalty/rules/author.ts';
import type { EtagConditions } from '@loyalty/rules/etag-conditions.ts';
import {
  type AttributesUpdate,
  requireFewEnough,
  updatedAttributes,
} from '../domain/attributes.ts';
import { requireAttributesAsRead } from '../domain/etag.ts';
import type { Account } from '../domain/journal.ts';
import { updateAttributes } from '../domain/membership-changes.ts';
import type { App } from './app.ts';
import { changeMembership } from './change-membership.ts';
import type { MemberName } from './ledger-store.ts';

export interface UpdateMembershipInput extends MemberName {
  readonly attributes: AttributesUpdate;
  /** If-Match conditions; the caller has read one of the etags of each. */
  readonly etags: EtagConditions;
}

/**
 * Changes what conditions may ask about a member. An update to what the attributes are already leaves no entry.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived,
 * {@link MembershipNotFound} {@link EtagMismatch} {@link ValidationFailed}, and what {@link App.queue} throws
 */
export async function updateMembership(
  app: App,
  { attributes: update, etags, ...member }: UpdateMembershipInput,
  author: Author,
): Promise<Account> {
  return await changeMembership(app, member, (account, now) => {
    const { membership } = account;
    requireAttributesAsRead(membership, etags);
    const attributes = updatedAttributes(membership.attributes, update);
    if (attributes === membership.attributes) return account;
    requireFewEnough(attributes, 'membership.attributes');
    return updateAttributes(account, { attributes, author, now });
  });
}
