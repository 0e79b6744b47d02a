import { isCurrency } from '@loyalty/rules/decimal.ts';
import type { Availability, ConversionPrice, Violation } from '@loyalty/rules/language.ts';
import { conversionValue } from '@loyalty/rules/reward-price.ts';
import { validateRewardCondition } from '@loyalty/rules/validate-rule-set.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import type { RewardOffer } from './reward.ts';

/**
 * Checks what an offer means, beyond the limits on single fields: condition, currency, bounds between fields.
 *
 * @throws {ValidationFailed} with paths below `reward`
 */
export function requireValidOffer({ definition }: RewardOffer): void {
  const { displayName, price, availability, condition } = definition;
  const violations: Violation[] = validateRewardCondition(condition, 'reward.condition');
  if (displayName === '') {
    violations.push({ field: 'reward.display_name', message: 'must be set' });
  }
  if (price.case === undefined) {
    violations.push({ field: 'reward', message: 'a price must be set: fixed or conversion' });
  }
  if (price.case === 'conversion') violations.push(...conversionViolations(price.value));
  if (availability !== undefined && !isOrdered(availability)) {
    const message = 'must be later than start_time';
    const names = ['start_time'];
    violations.push({ field: 'reward.availability.end_time', message, names });
  }
  if (violations.length > 0) throw new ValidationFailed(violations);
}

function isOrdered({ startTime, endTime }: Availability): boolean {
  if (startTime === undefined || endTime === undefined) return true;
  if (startTime.seconds !== endTime.seconds) return startTime.seconds < endTime.seconds;
  return startTime.nanos < endTime.nanos;
}

function conversionViolations(price: ConversionPrice): Violation[] {
  const { per, minimumPoints, maximumPoints, stepPoints } = price;
  const violations: Violation[] = [];
  const refuse = (field: string, message: string) =>
    violations.push({
      field: `reward.conversion.${field}`,
      message,
      names: ['minimum_points', 'maximum_points'],
    });
  if (per === undefined || !isCurrency(per.currencyCode)) {
    refuse('per.currency_code', 'must be a currency of ISO 4217, such as "USD"');
  }
  if (per === undefined || per.minorUnits === 0n) {
    refuse('per.minor_units', 'must be greater than 0');
    return violations;
  }
  if (maximumPoints === 0n) return violations;
  const fewest = minimumPoints > 0n ? minimumPoints : 1n;
  const most = stepPoints > 0n ? maximumPoints - (maximumPoints % stepPoints) : maximumPoints;
  if (maximumPoints < minimumPoints) {
    refuse('maximum_points', 'must not be less than minimum_points');
  } else if (most < fewest) {
    refuse('step_points', 'has no multiple between minimum_points and maximum_points');
  } else if (conversionValue(price, most).minorUnits === 0n) {
    refuse('maximum_points', 'is worth less than the smallest unit of the currency');
  }
  return violations;
}
