import { validateRewardCondition } from '@loyalty/rules/validate-rule-set.ts';
import { ValidationFailed } from '../domain/errors.ts';
import { offerViolations, type RewardOffer } from '../domain/reward.ts';

/**
 * Checks what an offer means, its condition included.
 *
 * @throws {ValidationFailed} with paths below `reward`
 */
export function requireValidOffer(offer: RewardOffer): void {
  const violations = offerViolations(offer);
  violations.push(...validateRewardCondition(offer.condition, 'reward.condition'));
  if (violations.length > 0) throw new ValidationFailed(violations);
}
