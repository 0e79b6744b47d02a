import type { Author } from '@loyalty/rules/author.ts';
import { balanceAt } from '../domain/balance.ts';
import { bringUpToDate } from '../domain/bring-up-to-date.ts';
import { IllegalTransition, NotPermitted } from '../domain/errors.ts';
import { releaseHold } from '../domain/release.ts';
import type { App } from './app.ts';
import type { LockedState, MemberName } from './ledger-store.ts';
import { lockedRedemption } from './locked-account.ts';
import type { ProgramDefinition } from './program-catalog.ts';
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
 * cancels a hold that a backend made, and what {@link App.queue} throws
 */
export async function cancelRedemption(
  app: App,
  input: CancelRedemptionInput,
  author: Author,
): Promise<RedeemResult> {
  const program = visible(await app.catalog.get(input.programId), input.byMember);
  return await app.queue.submit({
    needs: { member: input, redemption: input },
    decide: (locked) => cancel(locked, { input, author, program }),
  });
}

function cancel(
  locked: LockedState,
  {
    input,
    author,
    program,
  }: { input: CancelRedemptionInput; author: Author; program: ProgramDefinition },
): RedeemResult {
  if (locked.redemption(input, input)?.state !== 'CANCELLED') requireUnarchived(program);
  const { account, redemption } = lockedRedemption(locked, input);
  const now = locked.nowOf(account);
  if (input.byMember && !redemption.madeByMember) {
    throw new NotPermitted('Members can cancel only holds that they made');
  }
  if (redemption.state === 'CANCELLED') {
    return { redemption, balance: balanceAt(account, now), replayed: true };
  }
  if (redemption.state !== 'RESERVED') {
    throw new IllegalTransition({ from: redemption.state, to: 'CANCELLED' });
  }
  const end = { state: 'CANCELLED', author, now } as const;
  const after = bringUpToDate(releaseHold(account, redemption, end), now);
  locked.putAccount(after);
  return {
    redemption: lockedRedemption(locked, input).redemption,
    balance: balanceAt(after, now),
    replayed: false,
  };
}
