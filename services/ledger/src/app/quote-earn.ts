import type { Purchase } from '@loyalty/rules/language.ts';
import { purchaseAt } from '@loyalty/rules/occur-time.ts';
import { validatePurchase } from '@loyalty/rules/validate-purchase.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { passingOfTime } from '../domain/journal.ts';
import type { App } from './app.ts';
import { type EarnResult, earnCommand } from './earn.ts';
import type { MemberName } from './ledger-store.ts';
import { visibleProgram } from './visible-program.ts';

/** A purchase that a member considers. */
export interface QuoteEarnInput extends MemberName {
  /** Has no id; its time is that of the quote, whatever it says. */
  readonly purchase: Purchase;
  /** Whether the member asks, and not a backend or an admin. */
  readonly byMember: boolean;
}

/** What the purchase would earn, and the balance after it. */
export type EarnQuote = Pick<EarnResult, 'earn' | 'balance'>;

/**
 * Quotes a purchase: lets the command that would credit it decide, and forgets what that changed. A quote is no attempt
 * that a velocity limit counts, so none is refused for one.
 *
 * @throws {ValidationFailed} {@link ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive}
 * {@link MembershipNotFound} {@link MembershipSuspended} {@link MembershipLeft} {@link LimitExceeded}
 */
export async function quoteEarn(app: App, input: QuoteEarnInput): Promise<EarnQuote> {
  const { programId, userId } = input;
  const now = app.clock();
  const purchase = purchaseAt(input.purchase, now);
  const violations = validatePurchase(purchase);
  if (violations.length > 0) throw new ValidationFailed(violations);
  const program = await visibleProgram(app.catalog, input);
  const command = earnCommand({
    input: { programId, userId, purchase },
    author: passingOfTime,
    program: { ...program, earnsPerMinute: 0 },
    now,
  });
  return await app.reader.decide(command, now);
}
