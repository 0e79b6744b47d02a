import { types } from 'pg';

const int8 = 20;
const int8Array = 1016;

type Format = 'text' | 'binary';
type Parser = (value: string) => unknown;

// pg's own parser for it reads the items as text.
const parseInt8Array = types.getTypeParser(int8Array, 'text') as (
  value: string,
) => (string | null)[];

/**
 * Type parsing of one client: int8 becomes bigint, so that no amount passes through a float. pg's global
 * parsers stay as they are, because other libraries in the process may rely on them.
 */
export const typeParsing = {
  getTypeParser(oid: number, format: Format = 'text'): Parser {
    if (format === 'text' && oid === int8) return BigInt;
    if (format === 'text' && oid === int8Array) {
      return (value) => parseInt8Array(value).map((item) => (item === null ? null : BigInt(item)));
    }
    return types.getTypeParser(oid, format) as Parser;
  },
};
