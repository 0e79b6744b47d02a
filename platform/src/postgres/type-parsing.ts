import { types } from 'pg';

const int8 = 20;
const int8Array = 1016;
const timestamptz = 1184;

type Parser = (value: string) => unknown;

const standardParser = types.getTypeParser as (oid: number, format: 'text' | 'binary') => Parser;
// pg's own parser of int8[] leaves the items as text.
const splitInt8Array = standardParser(int8Array, 'text') as (value: string) => (string | null)[];

const standardTimestamp = standardParser(timestamptz, 'text');

/**
 * Like pg's own parser, which takes each text apart by several regular expressions: of the usual forms this takes a quarter
 * of the time. A session in another time zone than UTC has none of them but the infinite ones.
 */
function parseTimestamp(text: string): unknown {
  if (text === 'infinity') return Number.POSITIVE_INFINITY;
  if (text === '-infinity') return Number.NEGATIVE_INFINITY;
  return utcTimestamp(text) ?? standardTimestamp(text);
}

/** Reads `2026-01-31 18:30:00+00` and `2026-01-31 18:30:00.123456+00`; undefined for anything else. */
function utcTimestamp(text: string): Date | undefined {
  const end = text.length - 3;
  const isUtc =
    text[10] === ' ' && text[end] === '+' && text[end + 1] === '0' && text[end + 2] === '0';
  const isWhole = end === 19;
  if (!isUtc || !(isWhole || (text[19] === '.' && end <= 26))) return undefined;
  const year = digits(text, 0) * 100 + digits(text, 2);
  // Date.UTC takes the years below for those of the twentieth century.
  if (year < 100) return undefined;
  const ms = isWhole ? 0 : Math.trunc(Number(text.slice(19, end)) * 1_000);
  return new Date(
    Date.UTC(
      year,
      digits(text, 5) - 1,
      digits(text, 8),
      digits(text, 11),
      digits(text, 14),
      digits(text, 17),
      ms,
    ),
  );
}

const zero = '0'.charCodeAt(0);

/** The number that two digits make. */
function digits(text: string, at: number): number {
  return (text.charCodeAt(at) - zero) * 10 + text.charCodeAt(at + 1) - zero;
}

/**
 * Type parsing of one client: int8 becomes bigint, so that no amount passes through a float. pg's global
 * parsers stay as they are, because other libraries in the process may rely on them.
 */
export const typeParsing = {
  getTypeParser(oid: number, format: 'text' | 'binary' = 'text'): Parser {
    if (format === 'text' && oid === int8) return BigInt;
    if (format === 'text' && oid === timestamptz) return parseTimestamp;
    if (format === 'text' && oid === int8Array) {
      return (value) => splitInt8Array(value).map((item) => (item === null ? null : BigInt(item)));
    }
    return standardParser(oid, format);
  },
};
