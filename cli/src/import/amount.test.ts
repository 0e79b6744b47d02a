import { describe, expect, test } from '@jest/globals';
import { parseAmount } from './amount.ts';

describe('an amount of the file', () => {
  test.each([
    ['11.77', 'USD', 1177n],
    ['12', 'USD', 1200n],
    ['12.5', 'USD', 1250n],
    ['0.07', 'USD', 7n],
    ['0', 'USD', 0n],
    ['12.3400', 'USD', 1234n],
    ['1500', 'JPY', 1500n],
    ['1500.00', 'JPY', 1500n],
    ['1.234', 'KWD', 1234n],
    // Beyond what a float tells apart.
    ['90071992547409.91', 'USD', 9_007_199_254_740_991n],
    ['8.41', 'USD', 841n],
  ])('%s %s is %s minor units', (text, currency, minorUnits) => {
    expect(parseAmount(text, currency)).toBe(minorUnits);
  });

  test.each([
    ['12.345', 'USD', 'more decimals than USD (2)'],
    ['1.5', 'JPY', 'more decimals than JPY (0)'],
    ['-5.00', 'USD', 'negative'],
    ['1,234.56', 'USD', 'not an amount'],
    ['$5', 'USD', 'not an amount'],
    ['1e3', 'USD', 'not an amount'],
    ['0x10', 'USD', 'not an amount'],
    ['.5', 'USD', 'not an amount'],
    ['5.', 'USD', 'not an amount'],
    [' 5', 'USD', 'not an amount'],
    ['', 'USD', 'not an amount'],
    ['NaN', 'USD', 'not an amount'],
  ])('%j %s is refused: %s', (text, currency, message) => {
    expect(() => parseAmount(text, currency)).toThrow(message);
  });
});
