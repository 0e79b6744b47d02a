import { POINTS_MAX } from '@loyalty/rules/language.ts';
import { LimitExceeded } from '@loyalty/rules/limit-exceeded.ts';

/**
 * Returns the sum, if it can be represented.
 *
 * @throws {LimitExceeded} beyond {@link POINTS_MAX}
 */
export function addPoints(a: bigint, b: bigint): bigint {
  const sum = a + b;
  if (sum > POINTS_MAX || sum < -POINTS_MAX) {
    throw new LimitExceeded(`Points can't go beyond ${POINTS_MAX}`);
  }
  return sum;
}

export function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
