import type { Author } from '@loyalty/rules/author.ts';
import { IllegalTransition, MembershipSuspended } from '../domain/errors.ts';
import type { Account } from '../domain/journal.ts';
import { leave } from '../domain/membership-changes.ts';
import type { App } from './app.ts';
import type { LockedState, MemberName } from './ledger-store.ts';
import { lockedAccount } from './locked-account.ts';
import { requireUnarchived } from './require-unarchived.ts';
import { visible } from './visible-program.ts';

export interface LeaveProgramInput extends MemberName {
  /** Whether the member asks, and not an admin. */
  readonly byMember: boolean;
}

/**
 * Ends a membership and forfeits what is left of its points. Idempotent: repeating it has no effect.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived,
 * {@link MembershipNotFound}, for a member {@link MembershipSuspended} and {@link IllegalTransition} while there are open
 * holds, and what {@link App.queue} throws
 */
export async function leaveProgram(
  app: App,
  input: LeaveProgramInput,
  author: Author,
): Promise<Account> {
  const program = await app.catalog.getLatest(input.programId);
  requireUnarchived(visible(program, input.byMember));
  return await app.queue.submit({
    needs: { member: input, endsHolds: true },
    decide: (locked) => decideLeave(locked, { input, author }),
  });
}

function decideLeave(
  locked: LockedState,
  { input, author }: { input: LeaveProgramInput; author: Author },
): Account {
  const account = lockedAccount(locked, input);
  const { state, reserved } = account.membership;
  if (state === 'LEFT') return account;
  if (input.byMember && state === 'SUSPENDED') throw new MembershipSuspended();
  if (input.byMember && reserved > 0n) {
    throw new IllegalTransition({ from: `${state} with open holds`, to: 'LEFT' });
  }
  const after = leave(account, { author, now: locked.nowOf(account) });
  locked.putAccount(after);
  return after;
}
