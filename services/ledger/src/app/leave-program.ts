import { IllegalTransition, MembershipSuspended } from '../domain/errors.ts';
import type { Account, Cause } from '../domain/journal.ts';
import { leave } from '../domain/membership-changes.ts';
import type { CommitQueue } from './commit-queue.ts';
import { heldAccount } from './held-account.ts';
import type { Held, MemberName } from './ledger-store.ts';
import type { ProgramCatalog } from './program-catalog.ts';
import { requireUnarchived } from './require-unarchived.ts';
import { visible } from './visible-program.ts';

export interface LeaveProgramInput extends MemberName {
  /** Whether the member asks, and not an admin. */
  readonly byMember: boolean;
}

/**
 * Ends a membership and forfeits what is left of its points. Repeated it changes nothing.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived,
 * {@link MembershipNotFound}, for a member {@link MembershipSuspended} and {@link IllegalTransition} while there are open
 * holds, and what {@link CommitQueue.submit} throws
 */
export type LeaveProgramUseCase = (input: LeaveProgramInput, cause: Cause) => Promise<Account>;

export function createLeaveProgram(deps: {
  catalog: ProgramCatalog;
  queue: CommitQueue;
}): LeaveProgramUseCase {
  return async (input, cause) => {
    const program = await deps.catalog.getLatest(input.programId);
    requireUnarchived(visible(program, input.byMember));
    return await deps.queue.submit({
      needs: { member: input, endsHolds: true },
      decide: (held) => decideLeave(held, { input, cause }),
    });
  };
}

function decideLeave(
  held: Held,
  { input, cause }: { input: LeaveProgramInput; cause: Cause },
): Account {
  const account = heldAccount(held, input);
  const { state, reserved } = account.membership;
  if (state === 'LEFT') return account;
  if (input.byMember && state === 'SUSPENDED') throw new MembershipSuspended();
  if (input.byMember && reserved > 0n) {
    throw new IllegalTransition({ from: `${state} with open holds`, to: 'LEFT' });
  }
  const after = leave(account, { cause, now: held.nowOf(account) });
  held.putAccount(after);
  return after;
}
