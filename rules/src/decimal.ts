import { type Fraction, fraction, sumOf } from './fraction.ts';

/** The exact number as people write it: "-12.5", or "2/3" and "3 1/3" where no decimal is exact. */
export function fractionText(value: Fraction, placesMin = 0): string {
  if (value.denominator === 1n && placesMin === 0) return value.numerator.toString();
  const places = decimalPlaces(value.denominator);
  if (places === undefined) return mixedText(value);
  const shown = Math.max(places, placesMin);
  const digits = (abs(value.numerator) * 10n ** BigInt(shown)) / value.denominator;
  const text = digits.toString().padStart(shown + 1, '0');
  const sign = value.numerator < 0n ? '-' : '';
  return `${sign}${text.slice(0, -shown)}.${text.slice(-shown)}`;
}

function mixedText({ numerator, denominator }: Fraction): string {
  const sign = numerator < 0n ? '-' : '';
  const [integer, rest] = [abs(numerator) / denominator, abs(numerator) % denominator];
  return `${sign}${integer === 0n ? '' : `${integer} `}${rest}/${denominator}`;
}

/** Reads what {@link fractionText} wrote. */
export function readFraction(text: string): Fraction {
  const isNegative = text.startsWith('-');
  const size = sumOf(
    text
      .slice(isNegative ? 1 : 0)
      .split(' ')
      .map(readPart),
  );
  return isNegative ? { ...size, numerator: -size.numerator } : size;
}

function readPart(text: string): Fraction {
  const [numerator = '', denominator] = text.split('/');
  if (denominator !== undefined) return fraction(BigInt(numerator), BigInt(denominator));
  const [integer = '', decimals = ''] = text.split('.');
  return fraction(BigInt(integer + decimals), 10n ** BigInt(decimals.length));
}

/** An amount in minor units as people write it: 25000 of USD is "250.00 USD". */
export function moneyText(minorUnits: Fraction, currencyCode: string): string {
  const digits = minorUnitDigits(currencyCode);
  const value = fraction(minorUnits.numerator, minorUnits.denominator * 10n ** BigInt(digits));
  return `${fractionText(value, digits)} ${currencyCode}`;
}

/** Reads an unsigned decimal such as "1.5"; undefined when it is none. */
export function parseDecimal(text: string): Fraction | undefined {
  const match = /^(\d{1,18})(?:\.(\d{1,18}))?$/.exec(text);
  if (match === null) return undefined;
  const [, integer = '', decimals = ''] = match;
  return fraction(BigInt(integer + decimals), 10n ** BigInt(decimals.length));
}

/** Whether ISO 4217 knows the currency. */
export function isCurrency(currencyCode: string): boolean {
  return CURRENCIES.has(currencyCode);
}

/** The codes that Intl knows, and those that it lacks: units of account, and currencies used beside a country's own. */
const CURRENCIES: ReadonlySet<string> = new Set([
  ...Intl.supportedValuesOf('currency'),
  ...'BOV CHE CHW CLF COU MXV USN UYI UYW VED XAD XUA'.split(' '),
]);

/**
 * The decimals of ISO 4217 where they aren't 2. Those of Intl are what people use in a shop, where forints and rupiah
 * are whole, so amounts would be shown as a hundred times what they are.
 */
const DIGITS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
    3: 'BHD IQD JOD KWD LYD OMR TND',
    4: 'CLF UYW',
  }).flatMap(([digits, codes]) => codes.split(' ').map((code) => [code, Number(digits)])),
);

/** How many decimals a currency's amounts have. */
export function minorUnitDigits(currencyCode: string): number {
  // What isn't a currency can't come from validated messages; it is shown as plain minor units.
  return isCurrency(currencyCode) ? (DIGITS.get(currencyCode) ?? 2) : 0;
}

/** How many decimals 1/denominator needs; undefined when they never end. */
function decimalPlaces(denominator: bigint): number | undefined {
  let rest = denominator;
  let twos = 0;
  let fives = 0;
  for (; rest % 2n === 0n; rest /= 2n) twos += 1;
  for (; rest % 5n === 0n; rest /= 5n) fives += 1;
  return rest === 1n ? Math.max(twos, fives) : undefined;
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
