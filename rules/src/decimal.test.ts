import { describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { fractionText, isCurrency, moneyText, parseDecimal, readFraction } from './decimal.ts';
import { fraction, whole } from './fraction.ts';

describe('a number shown to people', () => {
  test.each([
    [25n, 2n, '12.5'],
    [10n, 1n, '10'],
    [1n, 3n, '1/3'],
    [-5n, 2n, '-2.5'],
    [-1n, 40n, '-0.025'],
    [1n, 1024n, '0.0009765625'],
    [0n, 1n, '0'],
  ])('%d/%d is %s', (numerator, denominator, text) => {
    expect(fractionText(fraction(numerator, denominator))).toBe(text);
  });

  test('is read back as the same', () => {
    const numerators = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    const denominators = fc.oneof(
      fc.bigInt({ min: 1n, max: 10n ** 30n }),
      fc.constantFrom(1n, 2n, 3n, 1000n),
    );
    fc.assert(
      fc.property(numerators, denominators, (numerator, denominator) => {
        const value = fraction(numerator, denominator);
        expect(readFraction(fractionText(value))).toEqual(value);
      }),
    );
  });

  test.each([
    [25_000n, 'USD', '250.00 USD'],
    [5n, 'EUR', '0.05 EUR'],
    [1_250n, 'JPY', '1250 JPY'],
    [1_500n, 'KWD', '1.500 KWD'],
    [25_000n, 'HUF', '250.00 HUF'],
    [25_000n, 'IDR', '250.00 IDR'],
    [25_000n, 'PKR', '250.00 PKR'],
    [25_000n, 'COP', '250.00 COP'],
    [25_000n, 'IQD', '25.000 IQD'],
    [25_000n, 'ISK', '25000 ISK'],
    [25_000n, 'VED', '250.00 VED'],
    [25_000n, 'CLF', '2.5000 CLF'],
    [7n, 'XQQ', '7 XQQ'],
  ])('%d minor units of %s are %s', (minorUnits, currency, text) => {
    expect(moneyText(whole(minorUnits), currency)).toBe(text);
  });

  test('a part of a cent is exact', () => {
    expect(moneyText(fraction(25_001n, 2n), 'USD')).toBe('125.005 USD');
    expect(moneyText(fraction(10_000n, 3n), 'USD')).toBe('33 1/3 USD');
  });
});

describe('a decimal that people write', () => {
  test('is read exactly', () => {
    expect(parseDecimal('1.125')).toEqual(fraction(9n, 8n));
    expect(parseDecimal('100')).toEqual(whole(100n));
    expect(parseDecimal('0.000')).toEqual(whole(0n));
  });

  test.each(['', '.5', '1.', '-1', '1e3', '0x10', ' 1', '1,5'])('%j is none', (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  });
});

test('currencies are those of ISO 4217', () => {
  expect(['USD', 'EUR', 'JPY', 'KWD', 'VED', 'CHE', 'UYW'].every(isCurrency)).toBe(true);
  expect(['usd', 'XQQ', 'XXX', 'XTS', '', 'EURO'].some(isCurrency)).toBe(false);
});
