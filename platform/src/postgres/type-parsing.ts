import { types } from 'pg';

const int8 = 20;
const int8Array = 1016;

type Parser = (value: string) => unknown;

const standardParser = types.getTypeParser as (oid: number, format: 'text' | 'binary') => Parser;
// pg's own parser of int8[] leaves the items as text.
const splitInt8Array = standardParser(int8Array, 'text') as (value: string) => (string | null)[];

/**
 * Type parsing of one client: int8 becomes bigint, so that no amount passes through a float. pg's global
 * parsers stay as they are, because other libraries in the process may rely on them.
 */
export const typeParsing = {
  getTypeParser(oid: number, format: 'text' | 'binary' = 'text'): Parser {
    if (format === 'text' && oid === int8) return BigInt;
    if (format === 'text' && oid === int8Array) {
      return (value) => splitInt8Array(value).map((item) => (item === null ? null : BigInt(item)));
    }
    return standardParser(oid, format);
  },
};
