import { EarnNotPosted } from '../domain/errors.ts';
import type { DeadLetters } from './dead-letters.ts';
import type {
  LedgerReader,
  PostedEarn,
  TransactionName,
  TransactionRefund,
} from './ledger-store.ts';

export type EarnView = PostedEarn & {
  readonly userId: string;
  /** The oldest first. */
  readonly refunds: readonly TransactionRefund[];
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
  deadLetters: DeadLetters;
}): GetEarnUseCase {
  return async (transaction, { tellDeadLetter }) => {
    const earn = await deps.reader.earn(transaction);
    if (earn !== undefined) {
      return { ...earn, refunds: await deps.reader.refundsOf(transaction) };
    }
    throw new EarnNotPosted(
      tellDeadLetter ? await deps.deadLetters.ofTransaction(transaction) : undefined,
    );
  };
}
