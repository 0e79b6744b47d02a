// The number of decimals that ISO 4217 gives a currency. Intl knows them too, but takes some from
// common usage instead of the standard.
const decimalsByCurrency: ReadonlyMap<string, number> = new Map([
  ...currencies('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF', 0),
  ...currencies('BHD IQD JOD KWD LYD OMR TND', 3),
  ...currencies('CLF UYW', 4),
]);

function currencies(codes: string, decimals: number): [string, number][] {
  return codes.split(' ').map((code) => [code, decimals]);
}

/**
 * An amount such as `12.34` in the currency's minor unit (1234n), without a float on the way.
 *
 * @throws {TypeError} with a message for the file's author, for anything that isn't exactly such an amount
 */
export function parseAmount(text: string, currency: string): bigint {
  const [, whole, fraction = ''] = /^(\d{1,16})(?:\.(\d{1,16}))?$/.exec(text) ?? [];
  if (whole === undefined) {
    throw new TypeError(
      text.startsWith('-')
        ? `"${text}" is negative: a refund is no purchase, report it by ReverseEarn`
        : `"${text}" is not an amount: write it like 1234.56`,
    );
  }
  const decimals = decimalsByCurrency.get(currency) ?? 2;
  const significant = fraction.replace(/0+$/, '');
  if (significant.length > decimals) {
    throw new TypeError(`"${text}" has more decimals than ${currency} (${decimals})`);
  }
  return BigInt(whole + significant.padEnd(decimals, '0'));
}
