import { timestampMs } from '@bufbuild/protobuf/wkt';
import { checkCondition, faultText } from './condition/check-condition.ts';
import { REWARD_VOCABULARY } from './condition/vocabulary.ts';
import { isCurrency } from './decimal.ts';
import type { Availability, ConversionPrice, Reward, Violation } from './language.ts';
import { conversionValue } from './reward-price.ts';

/** What is wrong with a reward beyond the limits on single fields, which the protos declare. */
export function validateReward(reward: Reward): Violation[] {
  const { price, condition, availability } = reward;
  const violations = availability === undefined ? [] : availabilityViolations(availability);
  if (price.case === undefined) {
    violations.push({ field: 'fixed', message: 'must have a price: set fixed or conversion' });
  }
  if (price.case === 'conversion') violations.push(...conversionViolations(price.value));
  if (condition === '') return violations;
  const { fault } = checkCondition(condition, REWARD_VOCABULARY);
  if (fault !== undefined) violations.push({ field: 'condition', message: faultText(fault) });
  return violations;
}

function availabilityViolations({ startTime, endTime }: Availability): Violation[] {
  if (startTime === undefined || endTime === undefined) return [];
  if (timestampMs(endTime) > timestampMs(startTime)) return [];
  return [{ field: 'availability.end_time', message: 'must be after start_time' }];
}

function conversionViolations(price: ConversionPrice): Violation[] {
  const { per, minimumPoints, maximumPoints, stepPoints } = price;
  const violations: Violation[] = [];
  const refuse = (field: string, message: string) =>
    violations.push({ field: `conversion.${field}`, message });
  if (per !== undefined && !isCurrency(per.currencyCode)) {
    const example = 'use an ISO 4217 code, such as "USD"';
    refuse('per.currency_code', `unknown currency ${per.currencyCode}; ${example}`);
  }
  if (per === undefined || per.minorUnits <= 0n) {
    refuse('per.minor_units', 'must be 1 or more: points are worth something');
    return violations;
  }
  const fewest = minimumPoints > 0n ? minimumPoints : 1n;
  if (maximumPoints > 0n && maximumPoints < minimumPoints) {
    refuse('maximum_points', 'must not be less than minimum_points');
  }
  if (stepPoints > 0n && maximumPoints > 0n && largestMultiple(price) < fewest) {
    refuse('step_points', 'no multiple of it lies between minimum_points and maximum_points');
  }
  if (maximumPoints > 0n && conversionValue(price, maximumPoints).minorUnits <= 0n) {
    refuse('maximum_points', 'is worth less than the smallest coin');
  }
  return violations;
}

/** The most points that can be converted; 0 when no step fits. */
function largestMultiple({ maximumPoints, stepPoints }: ConversionPrice): bigint {
  return maximumPoints - (maximumPoints % stepPoints);
}
