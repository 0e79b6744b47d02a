import type { RefundPart } from '@loyalty/rules/remaining-transaction.ts';
import { type Balance, balanceAt } from '../domain/balance.ts';
import { RefundConflict } from '../domain/errors.ts';
import type { Cause } from '../domain/journal.ts';
import { nothingTaken } from '../domain/refund.ts';
import { applyRefund } from './apply-refund.ts';
import type { CommitQueue } from './commit-queue.ts';
import { type ExplainedEarn, explained } from './explained-earn.ts';
import { sameFingerprint } from './fingerprint.ts';
import type { Held, PostedEarn, TransactionName, TransactionRefund } from './ledger-store.ts';
import type { ProgramCatalog, ProgramDefinition } from './program-catalog.ts';
import { refundFingerprint } from './refund-extent.ts';
import { requireUnarchived } from './require-unarchived.ts';
import { ruleSetOf } from './rule-set-of.ts';

export interface ReverseEarnInput extends TransactionName {
  readonly refundId: string;
  readonly extent: RefundPart;
}

export interface ReverseEarnResult {
  readonly refund: TransactionRefund;
  /** Undefined while the refund waits for its transaction. */
  readonly earned: { earn: ExplainedEarn; userId: string; balance: Balance } | undefined;
  readonly replayed: boolean;
}

/**
 * Takes back what a transaction earned, in full or in part, once for each refund id. A refund that comes before its
 * transaction waits for it.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived and the transaction
 * was never credited, {@link RefundConflict} {@link RefundExceedsTransaction} {@link InvalidCommand}
 * {@link LimitExceeded}, and what {@link CommitQueue.submit} throws
 */
export type ReverseEarnUseCase = (
  input: ReverseEarnInput,
  cause: Cause,
) => Promise<ReverseEarnResult>;

export function createReverseEarn(deps: {
  catalog: ProgramCatalog;
  queue: CommitQueue;
}): ReverseEarnUseCase {
  return async (input, cause) => {
    const program = await deps.catalog.get(input.programId);
    const fingerprint = refundFingerprint(input.extent);
    return await deps.queue.submit({
      needs: { refundOf: input },
      decide: (held) =>
        replayOf(held, { input, program, fingerprint }) ??
        decideRefund(held, { input, cause, program, fingerprint }),
    });
  };
}

function replayOf(
  held: Held,
  {
    input,
    program,
    fingerprint,
  }: { input: ReverseEarnInput; program: ProgramDefinition; fingerprint: Uint8Array },
): ReverseEarnResult | undefined {
  const refund = held.refunds(input).find(({ refundId }) => refundId === input.refundId);
  if (refund === undefined) return undefined;
  if (!sameFingerprint(refund.fingerprint, fingerprint)) throw new RefundConflict();
  return { refund, earned: earnedOf(held, { program, earn: held.earn(input) }), replayed: true };
}

function decideRefund(
  held: Held,
  reported: {
    input: ReverseEarnInput;
    cause: Cause;
    program: ProgramDefinition;
    fingerprint: Uint8Array;
  },
): ReverseEarnResult {
  const { input, cause, program } = reported;
  const earn = held.earn(input);
  if (earn === undefined) requireUnarchived(program);
  const waiting: TransactionRefund = {
    ...nothingTaken,
    programId: input.programId,
    transactionId: input.transactionId,
    refundId: input.refundId,
    state: 'WAITING',
    fingerprint: reported.fingerprint,
    extent: input.extent,
    createTime: held.nowOf(earn && held.accountById(earn.membershipId)),
    arrival: held.refunds(input).length + 1,
  };
  if (earn === undefined) {
    held.putRefund(waiting);
    return { refund: waiting, earned: undefined, replayed: false };
  }
  const ruleSet = ruleSetOf(program, earn);
  const applied = applyRefund(held, { earn, refund: waiting, ruleSet, cause });
  return {
    refund: applied.refund,
    earned: earnedOf(held, { program, earn: applied.earn }),
    replayed: false,
  };
}

function earnedOf(
  held: Held,
  { program, earn }: { program: ProgramDefinition; earn: PostedEarn | undefined },
): ReverseEarnResult['earned'] {
  if (earn === undefined) return undefined;
  const account = held.accountById(earn.membershipId);
  const { userId } = account.membership;
  return {
    earn: explained(earn, program),
    userId,
    balance: balanceAt(account, held.nowOf(account)),
  };
}
