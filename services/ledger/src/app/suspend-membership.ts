import type { Account, Author } from '../domain/journal.ts';
import { suspend } from '../domain/membership-changes.ts';
import type { App } from './app.ts';
import type { MemberName } from './ledger-store.ts';
import { lockedAccount } from './locked-account.ts';
import { requireUnarchived } from './require-unarchived.ts';

/**
 * Stops a member's earns and redemptions. Idempotent: repeating it has no effect.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived,
 * {@link MembershipNotFound} {@link IllegalTransition} when the user has left, and what {@link App.queue} throws
 */
export async function suspendMembership(
  app: App,
  member: MemberName,
  author: Author,
): Promise<Account> {
  requireUnarchived(await app.catalog.getLatest(member.programId));
  return await app.queue.submit({
    needs: { member },
    decide: (locked) => {
      const account = lockedAccount(locked, member);
      if (account.membership.state === 'SUSPENDED') return account;
      const after = suspend(account, { author, now: locked.nowOf(account) });
      locked.putAccount(after);
      return after;
    },
  });
}
