/** The middle of what several rounds gave, and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws {RangeError} when there are no values */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = sortedNumbers(values);
  const middle = sorted.length / 2;
  const low = at(sorted, Math.ceil(middle) - 1);
  const high = at(sorted, Math.floor(middle));
  return { median: (low + high) / 2, min: at(sorted, 0), max: at(sorted, sorted.length - 1) };
}

/**
 * One value against another of the same round: what slowed the machine in a round slowed both.
 *
 * @throws {RangeError} when the two don't have the same number of rounds, or none
 */
export function ratioOf(values: readonly number[], against: readonly number[]): Spread {
  if (values.length !== against.length) {
    throw new RangeError(`${values.length} rounds can't be compared with ${against.length}`);
  }
  return spreadOf(values.map((value, round) => value / at(against, round)));
}

/**
 * The smallest value that is not exceeded by the share of values (nearest rank): 0.5 for the median, 0.99, 1 for the
 * largest.
 *
 * @throws {RangeError} when there are no values
 */
export function percentiles<Name extends string>(
  values: readonly number[],
  shares: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const sorted = sortedNumbers(values);
  const ranked = Object.entries<number>(shares).map(([name, share]) => [
    name,
    at(sorted, Math.max(Math.ceil(share * sorted.length) - 1, 0)),
  ]);
  return Object.fromEntries(ranked) as Record<Name, number>;
}

/**
 * The slope of the line through points by least squares, in units of y for one of x.
 *
 * @throws {RangeError} when there are fewer than two different x
 */
export function slopeOf(points: readonly { readonly x: number; readonly y: number }[]): number {
  const meanOf = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = meanOf(points.map(({ x }) => x));
  const meanY = meanOf(points.map(({ y }) => y));
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (!(spread > 0)) throw new RangeError('a slope needs two points');
  return points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread;
}

function sortedNumbers(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}

function at(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError('there are no values');
  return value;
}
