import { expect, test } from '@jest/globals';
import { types } from 'pg';
import { typeParsing } from './type-parsing.ts';

const timestamptz = types.builtins.TIMESTAMPTZ;

test.each([
  'infinity',
  '-infinity',
  '2026-01-31 18:30:00+00',
  '2026-01-31 18:30:00.1+00',
  '2026-01-31 18:30:00.057+00',
  '2026-01-31 18:30:00.123999+00',
  '1969-07-20 20:17:40.12+00',
  '2024-02-29 23:59:59.999+00',
  '9999-12-31 23:59:59.999+00',
  '10000-01-01 00:00:00+00',
  '0099-01-01 00:00:00+00',
  '0001-01-01 00:00:00+00',
  '0044-03-15 00:00:00+00 BC',
  '2026-01-31 18:30:00.123+02',
  '2026-01-31 18:30:00+05:30',
  '1883-01-01 00:00:00-00:17:30',
])('a timestamptz is what pg itself reads: %s', (text) => {
  const parse = types.getTypeParser(timestamptz, 'text');
  expect(typeParsing.getTypeParser(timestamptz)(text)).toEqual(parse(text));
});

test('int8 is bigint, also in arrays', () => {
  expect(typeParsing.getTypeParser(types.builtins.INT8)('9007199254740993')).toBe(
    9007199254740993n,
  );
  const int8Array = 1016;
  expect(typeParsing.getTypeParser(int8Array)('{1,NULL,-2}')).toEqual([1n, null, -2n]);
});
