import type { Instant } from '../domain/instant.ts';
import type { Cause } from '../domain/journal.ts';
import { checkTransaction } from './check-transaction.ts';
import type { EarnInput } from './earn.ts';

/** The stream from which the ledger takes reported transactions. */
export interface EarnStream {
  /**
   * Resolves when the stream has stored the report.
   *
   * @throws {StorageUnavailable} when it can't be told whether it has
   */
  publish(input: EarnInput, cause: Cause): Promise<void>;
}

/**
 * Accepts a transaction that is credited later.
 *
 * @throws {InvalidCommand} {@link StorageUnavailable}
 */
export type SubmitEarnUseCase = (input: EarnInput, cause: Cause) => Promise<void>;

export function createSubmitEarn(deps: {
  stream: EarnStream;
  clock: () => Instant;
}): SubmitEarnUseCase {
  return async (input, cause) => {
    checkTransaction(input.transaction, deps.clock());
    await deps.stream.publish(input, cause);
  };
}
