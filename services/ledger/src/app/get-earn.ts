import { EarnNotPosted } from '../domain/errors.ts';
import type { DeadLetters, UnappliedReport } from './dead-letters.ts';
import { type ExplainedEarn, explained, explainingProgram } from './explained-earn.ts';
import type { LedgerReader, TransactionName, TransactionRefund } from './ledger-store.ts';
import type { ProgramCatalog } from './program-catalog.ts';

export type EarnView = ExplainedEarn & {
  readonly userId: string;
  /** As they arrived. */
  readonly refunds: readonly TransactionRefund[];
  /** The newest report of the transaction that waits or is dead, such as one with other content. */
  readonly unappliedReport: UnappliedReport | undefined;
};

/**
 * The earn of a transaction, with the user who got it and its refunds.
 *
 * `tellDeadLetter` says whether the caller may know of a message about the transaction that couldn't be applied:
 * it may be about somebody else.
 *
 * @throws {EarnNotPosted}
 */
export type GetEarnUseCase = (
  transaction: TransactionName,
  options: { tellDeadLetter: boolean },
) => Promise<EarnView>;

export function createGetEarn(deps: {
  reader: LedgerReader;
  catalog: ProgramCatalog;
  deadLetters: DeadLetters;
}): GetEarnUseCase {
  return async (transaction, { tellDeadLetter }) => {
    const [earn, unappliedReport] = await Promise.all([
      deps.reader.earn(transaction),
      tellDeadLetter ? deps.deadLetters.ofTransaction(transaction) : undefined,
    ]);
    if (earn === undefined) throw new EarnNotPosted(unappliedReport);
    const [program, refunds] = await Promise.all([
      explainingProgram(deps.catalog, transaction.programId),
      deps.reader.refundsOf(transaction),
    ]);
    return { ...explained(earn, program), refunds, unappliedReport };
  };
}
