import { validateReward } from '@loyalty/rules/validate-reward.ts';
import { ValidationFailed, type Violation } from '../domain/errors.ts';
import type { RewardOffer } from '../domain/reward.ts';

/**
 * Checks what an offer means: price, condition, currency, bounds between fields.
 *
 * @throws {ValidationFailed} with paths below `reward`
 */
export function requireValidOffer({ definition }: RewardOffer): void {
  const violations: Violation[] = validateReward(definition).map(({ field, message }) => ({
    field: `reward.${field}`,
    message,
  }));
  if (definition.displayName === '') {
    violations.push({ field: 'reward.display_name', message: 'must be set' });
  }
  if (violations.length > 0) throw new ValidationFailed(violations);
}
