import type { Purchase } from '@loyalty/rules/language.ts';
import { occurTimeOf } from '@loyalty/rules/occur-time.ts';
import { validateTransaction } from '@loyalty/rules/validate-transaction.ts';
import { ValidationFailed } from '../domain/errors.ts';
import type { Instant } from '../domain/instant.ts';

/**
 * Checks what the contract's field rules can't, and returns when the transaction occurred.
 *
 * @throws {ValidationFailed} naming every field at fault
 */
export function checkTransaction(transaction: Purchase, now: Instant): Date {
  const violations = validateTransaction(transaction, new Date(now));
  const occurTime = occurTimeOf(transaction);
  if (violations.length > 0 || occurTime === undefined) {
    throw new ValidationFailed(
      violations.map((each) => ({ ...each, field: `transaction.${each.field}` })),
    );
  }
  return occurTime;
}
