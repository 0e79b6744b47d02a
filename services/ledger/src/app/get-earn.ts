import { EarnNotPosted } from '../domain/errors.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { LedgerReader, PostedEarn, TransactionName } from './ledger-store.ts';

/**
 * The earn of a transaction, with the user who got it.
 *
 * `tellDeadLetter` says whether the caller may know of a message about the transaction that couldn't be applied:
 * it may be about somebody else.
 *
 * @throws {EarnNotPosted}
 */
export type GetEarnUseCase = (
  transaction: TransactionName,
  options: { tellDeadLetter: boolean },
) => Promise<PostedEarn & { userId: string }>;

export function createGetEarn(deps: {
  reader: LedgerReader;
  deadLetters: DeadLetters;
}): GetEarnUseCase {
  return async (transaction, { tellDeadLetter }) => {
    const earn = await deps.reader.earn(transaction);
    if (earn !== undefined) return earn;
    throw new EarnNotPosted(
      tellDeadLetter ? await deps.deadLetters.ofTransaction(transaction) : undefined,
    );
  };
}
