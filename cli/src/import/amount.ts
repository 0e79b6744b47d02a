import { minorUnitDigits } from '@loyalty/rules/decimal.ts';
import { quoted } from '../printable.ts';
import { type DecimalSign, groupingSpaces } from './decimal-sign.ts';
import { LineProblem } from './line-problem.ts';

/** What the contract takes: the largest integer that JSON numbers keep exactly, 2^53 - 1. */
const minorUnitsMax = BigInt(Number.MAX_SAFE_INTEGER);

const number = {
  '.': numberWith({ decimal: '.', grouping: ',' }),
  ',': numberWith({ decimal: ',', grouping: '.' }),
} as const;

/** Digits, or groups of three (as in India, also of two before the last), and decimals. */
function numberWith({ decimal, grouping }: { decimal: DecimalSign; grouping: string }): RegExp {
  const groups = [grouping, ...groupingSpaces].map(
    (sign) => String.raw`\d{1,3}(?:[${sign}]\d{2,3})*[${sign}]\d{3}`,
  );
  return new RegExp(String.raw`^(\d{1,18}|${groups.join('|')})(?:[${decimal}](\d{1,18}))?$`, 'u');
}

/** `-5.00`, `5.00-` and, in accounting, `(5.00)`. */
const negative = /^(?:[-−](.+)|(.+)-|\((.+)\))$/u;

/** Whether an amount is written as one below zero. */
export function isNegative(text: string): boolean {
  return negative.test(text) && /[1-9]/.test(text);
}

/**
 * An amount in the currency's minor unit, never a float on the way: -1234n for `-12.34` in USD.
 *
 * @param decimal the file's decimal sign; undefined where no amount has one
 * @throws {LineProblem} for anything that isn't exactly such an amount
 */
export function parseAmount(
  text: string,
  { decimal = '.', currencyCode }: { decimal?: DecimalSign | undefined; currencyCode: string },
): bigint {
  const [, ...written] = negative.exec(text) ?? [];
  const magnitude = written.find((part) => part !== undefined);
  const unsigned = magnitude ?? text.replace(/^\+/, '');
  const [, whole, fraction = ''] = number[decimal].exec(unsigned) ?? [];
  if (whole === undefined) {
    throw new LineProblem(
      `${quoted(text)} is not an amount: write it like 1234${decimal}56, without a currency`,
    );
  }
  const digits = minorUnitDigits(currencyCode);
  const significant = fraction.replace(/0+$/, '');
  if (significant.length > digits) {
    throw new LineProblem(`${quoted(text)} has more decimals than ${currencyCode} (${digits})`);
  }
  const minorUnits = BigInt(whole.replace(/\D/g, '') + significant.padEnd(digits, '0'));
  if (minorUnits > minorUnitsMax) {
    throw new LineProblem(
      `${quoted(text)} is too large: an amount has at most ${minorUnitsMax} minor units`,
    );
  }
  return magnitude === undefined ? minorUnits : -minorUnits;
}
