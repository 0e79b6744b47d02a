import { describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import {
  add,
  ceiling,
  compare,
  divide,
  type Fraction,
  floor,
  fraction,
  multiply,
  smaller,
  subtract,
  sumOf,
  whole,
} from './fraction.ts';

const numerators = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
const denominators = fc.bigInt({ min: 1n, max: 10n ** 30n });
const fractions = fc.tuple(numerators, denominators).map(([n, d]) => fraction(n, d));

describe('a fraction', () => {
  test('is kept in lowest terms with a positive denominator', () => {
    expect(fraction(6n, -4n)).toEqual({ numerator: -3n, denominator: 2n });
    expect(fraction(0n, 7n)).toEqual({ numerator: 0n, denominator: 1n });
  });

  test('without a denominator is refused', () => {
    expect(() => fraction(1n, 0n)).toThrow(RangeError);
    expect(() => divide(whole(1n), whole(0n))).toThrow(RangeError);
  });

  test('adds and takes away without loss', () => {
    fc.assert(
      fc.property(fractions, fractions, (a, b) => {
        expect(subtract(add(a, b), b)).toEqual(a);
      }),
    );
  });

  test('adds up many like one after the other', () => {
    fc.assert(
      fc.property(fc.array(fractions, { maxLength: 6 }), (values) => {
        expect(sumOf(values)).toEqual(values.reduce(add, whole(0n)));
      }),
    );
  });

  test('multiplies and divides without loss', () => {
    fc.assert(
      fc.property(fractions, fractions, (a, b) => {
        fc.pre(b.numerator !== 0n);
        expect(divide(multiply(a, b), b)).toEqual(a);
      }),
    );
  });

  test('lies between its floor and its ceiling', () => {
    const distance = (a: Fraction, b: Fraction) => subtract(a, b);
    fc.assert(
      fc.property(fractions, (a) => {
        expect(compare(distance(a, whole(floor(a))), whole(1n))).toBe(-1);
        expect(compare(distance(whole(ceiling(a)), a), whole(1n))).toBe(-1);
        expect(ceiling(a) - floor(a)).toBe(a.denominator === 1n ? 0n : 1n);
      }),
    );
  });

  test('is compared by its value', () => {
    expect(compare(fraction(1n, 3n), fraction(33n, 100n))).toBe(1);
    expect(compare(fraction(-1n, 3n), fraction(1n, 3n))).toBe(-1);
    expect(compare(fraction(2n, 6n), fraction(1n, 3n))).toBe(0);
    expect(smaller(fraction(1n, 3n), whole(1n))).toEqual(fraction(1n, 3n));
  });
});
