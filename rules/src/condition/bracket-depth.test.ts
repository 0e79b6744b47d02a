import { expect, test } from '@jest/globals';
import { bracketTooDeep } from './bracket-depth.ts';

test.each([
  ['((1))', undefined],
  ['(((1)))', 2],
  ['[{(1)}]', 2],
  ['(1)(1)(1)', undefined],
  ['"((("', undefined],
  ["'((('", undefined],
  ['"\\"((("', undefined],
  ['"""("((("""', undefined],
  ["'''('((('''", undefined],
  ['r"\\" + (((', 9],
  ['rb"((("', undefined],
  ['// (((', undefined],
  ['// x\n(((', 7],
  ['// x\r(((', 7],
  ['"(" + ("(" + ("("', undefined],
  ['"unclosed (((', 12],
])('brackets of %j are too deep at %j', (expression, index) => {
  expect(bracketTooDeep(expression, 2)).toBe(index);
});
