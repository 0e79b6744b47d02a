/** An exact number in lowest terms; the denominator is positive. The engine's arithmetic is not used, to be checked too. */
export type Exact = readonly [numerator: bigint, denominator: bigint];

export function exact(numerator: bigint | number, denominator: bigint | number = 1): Exact {
  const [top, bottom] = [BigInt(numerator), BigInt(denominator)];
  let [divisor, rest] = [top < 0n ? -top : top, bottom];
  while (rest > 0n) [divisor, rest] = [rest, divisor % rest];
  return [top / divisor, bottom / divisor];
}

export const ZERO = exact(0);
export const ONE = exact(1);
export const plus = ([a, b]: Exact, [c, d]: Exact) => exact(a * d + c * b, b * d);
export const minus = (value: Exact, [c, d]: Exact) => plus(value, [-c, d]);
export const times = ([a, b]: Exact, [c, d]: Exact) => exact(a * c, b * d);
/** The divisor must be positive. */
export const over = (value: Exact, [c, d]: Exact) => times(value, [d, c]);
export const sum = (values: readonly Exact[]) => values.reduce(plus, ZERO);
export const isAbove = ([a, b]: Exact, [c, d]: Exact) => a * d > c * b;
export const isZero = ([numerator]: Exact) => numerator === 0n;
export const down = ([a, b]: Exact) => (a - (((a % b) + b) % b)) / b;
export const up = ([a, b]: Exact) => -down([-a, b]);

/** The smallest of a value and its limits; an undefined one is no limit. */
export const atMost = (value: Exact, ...limits: readonly (Exact | undefined)[]) =>
  limits.reduce<Exact>((least, limit) => (limit && isAbove(least, limit) ? limit : least), value);

export type Rounding = 'FLOOR' | 'HALF_UP' | 'HALF_EVEN' | 'CEILING';

export function round(value: Exact, rounding: Rounding): bigint {
  const [lower, upper] = [down(value), up(value)];
  if (rounding === 'FLOOR') return lower;
  if (rounding === 'CEILING' || lower === upper) return upper;
  const [toLower, toUpper] = [minus(value, exact(lower)), minus(exact(upper), value)];
  if (isAbove(toLower, toUpper)) return upper;
  if (isAbove(toUpper, toLower)) return lower;
  return rounding === 'HALF_UP' || upper % 2n === 0n ? upper : lower;
}

/** A decimal such as "-12.5" where one is exact, else a fraction such as "2/3" or "3 1/3". */
export function text([numerator, denominator]: Exact): string {
  const sign = numerator < 0n ? '-' : '';
  const size = numerator < 0n ? -numerator : numerator;
  const [whole, part] = [size / denominator, size % denominator];
  if (part === 0n) return `${sign}${whole}`;
  // A decimal of n places has a denominator that divides 10^n, which has n factors of 2 and of 5.
  for (let places = 1; 2n ** BigInt(places) <= denominator; places += 1) {
    const digits = part * 10n ** BigInt(places);
    if (digits % denominator !== 0n) continue;
    return `${sign}${whole}.${String(digits / denominator).padStart(places, '0')}`;
  }
  return `${sign}${whole === 0n ? '' : `${whole} `}${part}/${denominator}`;
}
