import { expect, test } from '@jest/globals';
import { bulk } from './bulk.ts';

const statementName = 'any';

function parameterOf<Value extends string | bigint | Uint8Array | null | undefined>(
  type: string,
  values: readonly Value[],
): unknown {
  const columns = bulk<Value>({ column: [type, (value) => value] });
  return columns.statement(statementName, 'text', values).values?.[0];
}

test.each([
  ['', '""'],
  ['NULL', '"NULL"'],
  ['a,b {c}', '"a,b {c}"'],
  ['say "hi"', String.raw`"say \"hi\""`],
  ['back\\slash', String.raw`"back\\slash"`],
  ['\\"', String.raw`"\\\""`],
  ["it's\n😀", '"it\'s\n😀"'],
  [null, 'NULL'],
])('a text is an element that PostgreSQL reads as it was: %j', (text, element) => {
  expect(parameterOf('text', ['x', text])).toBe(`{"x",${element}}`);
});

test('bytes are hexadecimal', () => {
  const bytes = [new Uint8Array([0, 255]), new Uint8Array(), null];
  expect(parameterOf('bytea', bytes)).toBe(String.raw`{\\x00ff,\\x,NULL}`);
});

test('numbers are not quoted', () => {
  expect(parameterOf('bigint', [1n, null, -(2n ** 63n)])).toBe('{1,NULL,-9223372036854775808}');
});

test('values that repeat stay where they are', () => {
  expect(parameterOf('text', [null, 'a', 'a', null, null, 'b', 'a'])).toBe(
    '{NULL,"a","a",NULL,NULL,"b","a"}',
  );
});

test('a column without values is NULL', () => {
  expect(parameterOf('text', [null, undefined])).toBeNull();
});
