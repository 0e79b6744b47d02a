import { LimitExceeded } from './errors.ts';

/** The largest award and the largest balance: what a JSON number represents exactly. */
export const maximumPoints = 9_007_199_254_740_991n;

/**
 * The sum, provided that it can be represented.
 *
 * @throws {LimitExceeded} beyond {@link maximumPoints}
 */
export function addPoints(a: bigint, b: bigint): bigint {
  const sum = a + b;
  if (sum > maximumPoints || sum < -maximumPoints) {
    throw new LimitExceeded(`points can't go beyond ${maximumPoints}`);
  }
  return sum;
}

export function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
