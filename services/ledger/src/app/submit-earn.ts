import type { Author } from '../domain/journal.ts';
import type { MessagingApp } from './app.ts';
import { checkTransaction } from './check-transaction.ts';
import type { EarnInput } from './reports.ts';

/**
 * Accepts a transaction that is credited later.
 *
 * @throws {ValidationFailed} {@link StorageUnavailable}
 */
export async function submitEarn(
  app: MessagingApp,
  input: EarnInput,
  author: Author,
): Promise<void> {
  checkTransaction(input.transaction, app.clock());
  await app.earnStream.publish(input, author);
}
