import { expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { DecimalSigns } from './decimal-sign.ts';

function decide(...texts: string[]) {
  const signs = new DecimalSigns();
  for (const [index, text] of texts.entries()) signs.see(text, index + 2);
  return signs.decide();
}

test.each([
  ['.', '12.5'],
  [',', '12,50'],
  ['.', '1,234.567'],
  [',', '1.234,567'],
  [',', '1 234,567'],
  ['.', "1'234.567"],
  ['.', '(12.50)'],
  ['.', '-0.5'],
  ['.', '1.2345'],
  [undefined, '1500'],
  // Says nothing, because it isn't an amount.
  [undefined, '1.5 USD'],
  [undefined, '01/02.5'],
] as const)('the sign is %s by %j', (sign, text) => {
  expect(decide(text)).toBe(sign);
});

test.each(['1.234', '1,234', '1,234,567', '-1.234', '0.125'])(
  '%j alone decides nothing',
  (text) => {
    expect(() => decide('5', text)).toThrow('in line 3 may have decimals or thousands');
  },
);

test('the order of the lines decides nothing', () => {
  const texts = ['1,234', '5', '99.95', '1,234.50'];
  fc.assert(
    fc.property(fc.shuffledSubarray(texts, { minLength: texts.length }), (some) => {
      expect(decide(...some)).toBe('.');
    }),
  );
});
