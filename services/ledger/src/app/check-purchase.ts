import type { Instant } from '@loyalty/rules/instant.ts';
import type { Purchase } from '@loyalty/rules/language.ts';
import { occurTimeOf } from '@loyalty/rules/occur-time.ts';
import { validatePurchase } from '@loyalty/rules/validate-purchase.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { AheadOfClock } from '../domain/errors.ts';

/**
 * Checks what the contract's field rules can't, and returns when the purchase occurred.
 *
 * @throws {ValidationFailed} naming every field at fault
 * @throws {AheadOfClock} when only the clock is against it
 */
export function checkPurchase(purchase: Purchase, now: Instant): Instant {
  const violations = validatePurchase(purchase, now);
  const occurTime = occurTimeOf(purchase);
  if (violations.length > 0 || occurTime === undefined) {
    const isSound = validatePurchase(purchase).length === 0;
    const Refusal = isSound ? AheadOfClock : ValidationFailed;
    throw new Refusal(violations.map((each) => ({ ...each, field: `transaction.${each.field}` })));
  }
  return occurTime;
}
