import type { Author } from '@loyalty/rules/author.ts';
import type { MessagingApp } from './app.ts';
import { checkPurchase } from './check-purchase.ts';
import type { EarnInput } from './reports.ts';

/**
 * Accepts a purchase that is credited later.
 *
 * @throws {ValidationFailed} {@link StorageUnavailable}
 */
export async function submitEarn(
  app: MessagingApp,
  input: EarnInput,
  author: Author,
): Promise<void> {
  checkPurchase(input.purchase, app.clock());
  await app.earnStream.publish(input, author);
}
