import type { Author } from '@loyalty/rules/author.ts';
import { type Balance, balanceAt } from '../domain/balance.ts';
import { RefundConflict } from '../domain/errors.ts';
import { nothingTaken } from '../domain/refund.ts';
import type { App } from './app.ts';
import { applyRefund } from './apply-refund.ts';
import { type ExplainedEarn, explained } from './explained-earn.ts';
import type { LockedState, PostedEarn, PurchaseRefund } from './ledger-store.ts';
import type { ProgramDefinition } from './program-catalog.ts';
import { refundFingerprint } from './refund-extent.ts';
import { repeatOf } from './repeat.ts';
import type { ReverseEarnInput } from './reports.ts';
import { requireUnarchived } from './require-unarchived.ts';
import { ruleSetOf } from './rule-set-of.ts';

export interface ReverseEarnResult {
  readonly refund: PurchaseRefund;
  /** Undefined while the refund waits for its purchase. */
  readonly earned: { earn: ExplainedEarn; userId: string; balance: Balance } | undefined;
  readonly replayed: boolean;
}

/**
 * Takes back what a purchase earned, in full or in part, once for each refund id. A refund that arrives before its
 * purchase waits for it.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived and the purchase
 * was never credited, {@link RefundConflict} {@link RefundExceedsTransaction} {@link ValidationFailed}
 * {@link LimitExceeded}, and what {@link App.queue} throws
 */
export async function reverseEarn(
  app: App,
  input: ReverseEarnInput,
  author: Author,
): Promise<ReverseEarnResult> {
  const program = await app.catalog.get(input.programId);
  const fingerprint = refundFingerprint(input.extent);
  return await app.queue.submit({
    needs: { refundOf: input },
    decide: (locked) =>
      replayOf(locked, { input, program, fingerprint }) ??
      decideRefund(locked, { input, author, program, fingerprint }),
  });
}

function replayOf(
  locked: LockedState,
  {
    input,
    program,
    fingerprint,
  }: { input: ReverseEarnInput; program: ProgramDefinition; fingerprint: Uint8Array },
): ReverseEarnResult | undefined {
  const known = locked.refunds(input).find(({ refundId }) => refundId === input.refundId);
  const refund = repeatOf(known, fingerprint, () => new RefundConflict());
  if (refund === undefined) return undefined;
  return {
    refund,
    earned: earnedOf(locked, { program, earn: locked.earn(input) }),
    replayed: true,
  };
}

function decideRefund(
  locked: LockedState,
  reported: {
    input: ReverseEarnInput;
    author: Author;
    program: ProgramDefinition;
    fingerprint: Uint8Array;
  },
): ReverseEarnResult {
  const { input, author, program } = reported;
  const earn = locked.earn(input);
  if (earn === undefined) requireUnarchived(program);
  const waiting: PurchaseRefund = {
    ...nothingTaken,
    programId: input.programId,
    transactionId: input.transactionId,
    refundId: input.refundId,
    state: 'WAITING',
    fingerprint: reported.fingerprint,
    extent: input.extent,
    createTime: locked.nowOf(earn && locked.bringUpToDateById(earn.membershipId)),
    arrival: locked.refunds(input).length + 1,
  };
  if (earn === undefined) {
    locked.putRefund(waiting);
    return { refund: waiting, earned: undefined, replayed: false };
  }
  const ruleSet = ruleSetOf(program, earn);
  const applied = applyRefund(locked, { earn, refund: waiting, ruleSet, author });
  return {
    refund: applied.refund,
    earned: earnedOf(locked, { program, earn: applied.earn }),
    replayed: false,
  };
}

function earnedOf(
  locked: LockedState,
  { program, earn }: { program: ProgramDefinition; earn: PostedEarn | undefined },
): ReverseEarnResult['earned'] {
  if (earn === undefined) return undefined;
  const account = locked.bringUpToDateById(earn.membershipId);
  const { userId } = account.membership;
  return {
    earn: explained(earn, program),
    userId,
    balance: balanceAt(account, locked.nowOf(account)),
  };
}
