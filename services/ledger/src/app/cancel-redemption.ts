import { balanceAt } from '../domain/balance.ts';
import { IllegalTransition, NotPermitted } from '../domain/errors.ts';
import type { Cause } from '../domain/journal.ts';
import { releaseHold } from '../domain/release.ts';
import { settle } from '../domain/settle.ts';
import type { CommitQueue } from './commit-queue.ts';
import { findRedemption, heldRedemption } from './held-account.ts';
import type { Held, MemberName } from './ledger-store.ts';
import type { ProgramCatalog, ProgramDefinition } from './program-catalog.ts';
import type { RedeemResult } from './redeem.ts';
import { requireUnarchived } from './require-unarchived.ts';
import { visible } from './visible-program.ts';

export interface CancelRedemptionInput extends MemberName {
  readonly redemptionId: string;
  /** Whether the member asks, and not a backend. */
  readonly byMember: boolean;
}

/**
 * Gives held points back. Idempotent: repeating it returns the same.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived,
 * {@link MembershipNotFound} {@link RedemptionNotFound} {@link IllegalTransition}, {@link NotPermitted} when a member
 * cancels a hold that a backend made, and what {@link CommitQueue.submit} throws
 */
export type CancelRedemptionUseCase = (
  input: CancelRedemptionInput,
  cause: Cause,
) => Promise<RedeemResult>;

export function createCancelRedemption(deps: {
  catalog: ProgramCatalog;
  queue: CommitQueue;
}): CancelRedemptionUseCase {
  return async (input, cause) => {
    const program = visible(await deps.catalog.get(input.programId), input.byMember);
    return await deps.queue.submit({
      needs: { member: input, redemption: input },
      decide: (held) => cancel(held, { input, cause, program }),
    });
  };
}

function cancel(
  held: Held,
  {
    input,
    cause,
    program,
  }: { input: CancelRedemptionInput; cause: Cause; program: ProgramDefinition },
): RedeemResult {
  if (findRedemption(held, input)?.state !== 'CANCELLED') requireUnarchived(program);
  const { account, redemption } = heldRedemption(held, input);
  const now = held.nowOf(account);
  if (input.byMember && !redemption.madeByMember) {
    throw new NotPermitted('members cancel only the holds that they made themselves');
  }
  if (redemption.state === 'CANCELLED') {
    return { redemption, balance: balanceAt(account, now), replayed: true };
  }
  if (redemption.state !== 'RESERVED') {
    throw new IllegalTransition({ from: redemption.state, to: 'CANCELLED' });
  }
  const end = { state: 'CANCELLED', cause, now } as const;
  const after = settle(releaseHold(account, redemption, end), now);
  held.putAccount(after);
  return {
    redemption: heldRedemption(held, input).redemption,
    balance: balanceAt(after, now),
    replayed: false,
  };
}
