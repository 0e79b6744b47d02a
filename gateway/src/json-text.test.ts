import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nestingDepthMax, parseJsonText } from './json-text.ts';

function parse(text: string) {
  return parseJsonText(new TextEncoder().encode(text));
}

describe('a JSON text', () => {
  test('keeps whole numbers apart from others, and exact', () => {
    expect(parse('{"a":[1,-2,9007199254740993,1.5,1e3,1.0]}')).toEqual({
      a: [1n, -2n, 9007199254740993n, 1.5, 1000, 1],
    });
  });

  test.each([
    ['twice', '{"a":1,"b":{"a":2},"a":3}'],
    ['twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['twice within a list', '[{"a":{},"b":[],"a":1}]'],
    ['twice, with a brace in a string before', '{"x":"}{\\"","a":1,"a":2}'],
  ])('with a key %s is refused', (_what, text) => {
    expect(() => parse(text)).toThrow('has the key "a" twice');
  });

  test.each([
    '{"a":"a","b":["a","a"],"c":{"a":1},"d":{"a":1}}',
    '{"a":"\\"a\\":","b":"{\\"b\\":1}"}',
  ])('with the same text in different places is fine: %s', (text) => {
    expect(() => parse(text)).not.toThrow();
  });

  test('may nest so deep and no deeper', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(() => parse(nested(nestingDepthMax))).not.toThrow();
    expect(() => parse(nested(nestingDepthMax + 1))).toThrow('nests deeper than');
    expect(() => parse('{"a":'.repeat(200_000))).toThrow('nests deeper than');
  });

  test.each(['"\\ud800"', '{"\\udc00":1}', '["\\ude00\\ud83d"]'])(
    'with an unpaired surrogate is refused: %s',
    (text) => {
      expect(() => parse(text)).toThrow('unpaired surrogate');
    },
  );

  test('that is not UTF-8 is refused', () => {
    expect(() => parseJsonText(Uint8Array.of(0x22, 0xff, 0x22))).toThrow('is not UTF-8');
  });

  test.each(['', '{', '{"a":}', "{'a':1}", '{"a":1,}', 'NaN', '01', '0x10', '"a\u0000"', '{"a"'])(
    'that is not JSON is refused: %j',
    (text) => {
      expect(() => parse(text)).toThrow('is not JSON');
    },
  );

  test('of any other kind means what it means to JSON.parse', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        const plain = JSON.stringify(parse(text), (_key, value: unknown) =>
          typeof value === 'bigint' ? Number(value) : value,
        );
        expect(plain).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });
});
