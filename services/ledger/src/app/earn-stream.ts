import type { Author } from '@loyalty/rules/author.ts';
import type { EarnInput } from './reports.ts';

/** The stream from which the ledger takes reported purchases. */
export interface EarnStream {
  /**
   * Resolves when the stream has stored the report.
   *
   * @throws {StorageUnavailable} when it is unknown whether it has
   */
  publish(input: EarnInput, author: Author): Promise<void>;
}
