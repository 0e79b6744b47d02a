/**
 * An exact rational number in lowest terms; the denominator is positive.
 * Points stay fractions until the end of an evaluation, where they are rounded once.
 */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export const ZERO: Fraction = { numerator: 0n, denominator: 1n };
export const ONE: Fraction = { numerator: 1n, denominator: 1n };

export function whole(value: bigint): Fraction {
  return { numerator: value, denominator: 1n };
}

/** Throws RangeError when the denominator is 0. */
export function fraction(numerator: bigint, denominator: bigint): Fraction {
  if (denominator === 1n) return { numerator, denominator };
  if (denominator === 0n) throw new RangeError('a fraction needs a denominator other than 0');
  const divisor = greatestCommonDivisor(numerator, denominator);
  const sign = denominator < 0n ? -1n : 1n;
  return {
    numerator: (sign * numerator) / divisor,
    denominator: (sign * denominator) / divisor,
  };
}

export function add(a: Fraction, b: Fraction): Fraction {
  if (a.denominator === b.denominator) return fraction(a.numerator + b.numerator, a.denominator);
  return fraction(
    a.numerator * b.denominator + b.numerator * a.denominator,
    a.denominator * b.denominator,
  );
}

export function subtract(a: Fraction, b: Fraction): Fraction {
  return add(a, { numerator: -b.numerator, denominator: b.denominator });
}

/** The sum of any number of fractions, put into lowest terms only once. */
export function sumOf(values: readonly Fraction[]): Fraction {
  const denominator = commonDenominator(values);
  let numerator = 0n;
  for (const value of values) numerator += numeratorOver(denominator, value);
  return fraction(numerator, denominator);
}

/** The smallest denominator that all of the fractions can be written with. */
export function commonDenominator(values: readonly Fraction[]): bigint {
  return values.reduce((common, { denominator }) => leastCommonMultiple(common, denominator), 1n);
}

/** The numerator of a fraction over a multiple of its denominator. */
export function numeratorOver(denominator: bigint, value: Fraction): bigint {
  return value.denominator === denominator
    ? value.numerator
    : value.numerator * (denominator / value.denominator);
}

export function multiply(a: Fraction, b: Fraction): Fraction {
  if (a.denominator === 1n && b.denominator === 1n) return whole(a.numerator * b.numerator);
  // Each is in lowest terms, so only a numerator and the other's denominator can have a divisor in common; it is found
  // soon where one of the two is small.
  const left = greatestCommonDivisor(a.numerator, b.denominator);
  const right = greatestCommonDivisor(b.numerator, a.denominator);
  return {
    numerator: (a.numerator / left) * (b.numerator / right),
    denominator: (a.denominator / right) * (b.denominator / left),
  };
}

/** Throws RangeError when the divisor is 0. */
export function divide(a: Fraction, b: Fraction): Fraction {
  return fraction(a.numerator * b.denominator, a.denominator * b.numerator);
}

/** Negative, zero or positive, as a is smaller than, equal to or larger than b. */
export function compare(a: Fraction, b: Fraction): number {
  const alike = a.denominator === b.denominator;
  const left = alike ? a.numerator : a.numerator * b.denominator;
  const right = alike ? b.numerator : b.numerator * a.denominator;
  return left < right ? -1 : left > right ? 1 : 0;
}

export function smaller(a: Fraction, b: Fraction): Fraction {
  return compare(a, b) <= 0 ? a : b;
}

export function isPositive(a: Fraction): boolean {
  return a.numerator > 0n;
}

/** The largest integer that isn't larger. */
export function floor(a: Fraction): bigint {
  if (a.denominator === 1n) return a.numerator;
  const quotient = a.numerator / a.denominator;
  return a.numerator < 0n && quotient * a.denominator !== a.numerator ? quotient - 1n : quotient;
}

/** The smallest integer that isn't smaller. */
export function ceiling(a: Fraction): bigint {
  return -floor({ numerator: -a.numerator, denominator: a.denominator });
}

/** Both must be positive. */
export function leastCommonMultiple(a: bigint, b: bigint): bigint {
  return b === 1n || a % b === 0n ? a : (a / greatestCommonDivisor(a, b)) * b;
}

const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  if (a === 1n || b === 1n) return 1n;
  let [left, right] = [a < 0n ? -a : a, b < 0n ? -b : b];
  // Numbers are several times as fast.
  while (left > SAFE_MAX || right > SAFE_MAX) {
    if (right === 0n) return left;
    [left, right] = [right, left % right];
  }
  let [divisor, rest] = [Number(left), Number(right)];
  while (rest !== 0) [divisor, rest] = [rest, divisor % rest];
  return BigInt(divisor);
}
