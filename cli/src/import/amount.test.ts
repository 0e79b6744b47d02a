import { expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { isNegative, parseAmount } from './amount.ts';

/** What an amount has at most; odd-files.test.ts has what is above. */
const amountMax = BigInt(Number.MAX_SAFE_INTEGER);

const currencies = { JPY: 0, USD: 2, KWD: 3 } as const;

/** A number in a person's spelling. */
function written(
  minorUnits: bigint,
  { digits, decimal, grouping }: { digits: number; decimal: string; grouping: string },
): string {
  const text = String(minorUnits < 0n ? -minorUnits : minorUnits).padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits).replace(/\B(?=(\d{3})+$)/g, grouping);
  const sign = minorUnits < 0n ? '-' : '';
  return digits === 0 ? sign + whole : sign + whole + decimal + text.slice(text.length - digits);
}

test('what is written in any of the usual ways is read back exactly', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -amountMax, max: amountMax }),
      fc.constantFrom(...Object.entries(currencies)),
      fc.constantFrom(
        { decimal: '.', grouping: '' },
        { decimal: '.', grouping: ',' },
        { decimal: ',', grouping: '.' },
        { decimal: ',', grouping: '\u{A0}' },
        { decimal: '.', grouping: '’' },
      ),
      (minorUnits, [currencyCode, digits], { decimal, grouping }) => {
        const text = written(minorUnits, { digits, decimal, grouping });
        const sign = decimal === '.' ? '.' : ',';
        expect(parseAmount(text, { decimal: sign, currencyCode })).toBe(minorUnits);
        expect(isNegative(text)).toBe(minorUnits < 0n);
      },
    ),
  );
});
