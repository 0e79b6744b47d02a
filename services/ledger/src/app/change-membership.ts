import type { Instant } from '@loyalty/rules/instant.ts';
import type { Account } from '../domain/journal.ts';
import type { App } from './app.ts';
import type { MemberName } from './ledger-store.ts';
import { lockedAccount } from './locked-account.ts';
import { requireUnarchived } from './require-unarchived.ts';

/**
 * Changes a membership of a program that isn't archived. `change` returns the account itself where it has nothing to change.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived,
 * {@link MembershipNotFound}, what `change` throws, and what {@link App.queue} throws
 */
export async function changeMembership(
  app: App,
  member: MemberName,
  change: (account: Account, now: Instant) => Account,
): Promise<Account> {
  requireUnarchived(await app.catalog.getLatest(member.programId));
  return await app.queue.submit({
    needs: { member },
    decide: (locked) => {
      const account = lockedAccount(locked, member);
      const after = change(account, locked.nowOf(account));
      if (after !== account) locked.putAccount(after);
      return after;
    },
  });
}
