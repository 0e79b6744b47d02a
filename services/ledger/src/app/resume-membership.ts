import type { Author } from '@loyalty/rules/author.ts';
import type { Account } from '../domain/journal.ts';
import { resume } from '../domain/membership-changes.ts';
import type { App } from './app.ts';
import { changeMembership } from './change-membership.ts';
import type { MemberName } from './ledger-store.ts';

/**
 * Lets a suspended member act again. Idempotent: repeating it has no effect.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived,
 * {@link MembershipNotFound} {@link IllegalTransition} when the user has left, and what {@link App.queue} throws
 */
export async function resumeMembership(
  app: App,
  member: MemberName,
  author: Author,
): Promise<Account> {
  return await changeMembership(app, member, (account, now) =>
    account.membership.state === 'ACTIVE' ? account : resume(account, { author, now }),
  );
}
