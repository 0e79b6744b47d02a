import { describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { JsonNumber, JsonTextError, nestingDepthMax, parseJsonText } from './json-text.ts';

function parse(text: string) {
  return parseJsonText(new TextEncoder().encode(text));
}

/** Where a text is wrong, and how. */
function faultOf(text: string) {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof JsonTextError) return { path: error.path, message: error.message };
    throw error;
  }
  return undefined;
}

/** The same with numbers as JavaScript has them. */
function plain(text: string): string {
  return JSON.stringify(parse(text), (_name, value: unknown) =>
    value instanceof JsonNumber ? Number(value.text) : value,
  );
}

describe('a JSON text', () => {
  test('keeps numbers as they are written', () => {
    const numbers = ['1', '-2', '9007199254740993', '1.50', '1e3', '5000.0', '-0'];
    expect(parse(`[${numbers.join()}]`)).toEqual(numbers.map((text) => new JsonNumber(text)));
  });

  test.each([
    ['twice', '{"a":1,"b":{"a":2},"a":3}', ['a']],
    ['twice, once escaped', '{"a":1,"\\u0061":2}', ['a']],
    ['twice within a list', '[{"b":{},"a":[],"b":1}]', [0, 'b']],
    ['twice, with a brace in a string before', '{"x":"}{\\"","a":1,"a":2}', ['a']],
    ['twice, deep inside', '{"a":[1,{"b":{"c":null,"c":null}}]}', ['a', 1, 'b', 'c']],
    ['twice, which every object has', '{"toString":1,"toString":2}', ['toString']],
  ])('with a name %s is refused there', (_what, text, path) => {
    expect(faultOf(text)).toEqual({ path, message: 'is given twice; give it once' });
  });

  test.each([
    '{"a":"a","b":["a","a"],"c":{"a":1},"d":{"a":1}}',
    '{"a":"\\"a\\":","b":"{\\"b\\":1}","toString":1,"constructor":2}',
    ' \t\r\n{ "a" : [ ] , "b" : { } , "c" : [ 1 , 2 ] } \n',
    '"\\u00e9\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\\\\\"é😀"',
  ])('means what it means to JSON.parse: %s', (text) => {
    expect(plain(text)).toBe(JSON.stringify(JSON.parse(text)));
  });

  test('has no name that would be lost', () => {
    expect(faultOf('{"a":{"__proto__":{"b":1}}}')).toMatchObject({ path: ['a', '__proto__'] });
    expect(faultOf('{"\\u005f_proto__":1}')).toMatchObject({ path: ['__proto__'] });
  });

  test('nests only so deep', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(faultOf(nested(nestingDepthMax))).toBeUndefined();
    const deep = {
      path: Array.from({ length: 8 }, () => 0),
      message: 'nests deeper than 64 levels',
    };
    expect(faultOf(nested(nestingDepthMax + 1))).toEqual(deep);
    expect(faultOf('{"a":'.repeat(200_000))).toMatchObject({ message: deep.message });
  });

  test.each<[string, (string | number)[]]>([
    ['{"a":"\\ud800"}', ['a']],
    ['{"a":{"\\udc00":1}}', ['a']],
    ['["\\ude00\\ud83d"]', [0]],
  ])('with an unpaired surrogate is refused: %s', (text, path) => {
    expect(faultOf(text)).toEqual({ path, message: expect.stringContaining('unpaired surrogate') });
  });

  test('begins with one byte order mark, or none', () => {
    expect(parse('\ufeff{"a":true}')).toEqual({ a: true });
    expect(faultOf('\ufeff\ufeff{}')).toMatchObject({ path: [] });
    expect(faultOf('{}\ufeff')).toMatchObject({ path: [] });
  });

  test('that is not UTF-8 is refused', () => {
    expect(() => parseJsonText(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(
      'must be encoded in UTF-8',
    );
  });

  test.each([
    ['', 'line 1, column 1 should be a value, but the text ends'],
    ['{', 'column 2 should be a name in double quotes, but the text ends'],
    ['{"a":}', 'column 6 should be a value, but there is "}"'],
    ["{'a':1}", `column 2 should be a name in double quotes, but there is "'"`],
    ['{"a":1,}', 'column 8 should be a name in double quotes, but there is "}"'],
    ['[1,]', 'column 4 should be a value, but there is "]"'],
    ['[1 2]', 'column 4 should be a comma or ], but there is "2"'],
    ['{\n  "a": 1\n  "b": 2\n}', 'line 3, column 3 should be a comma or }, but there is "\\""'],
    ['NaN', 'column 1 should be a value'],
    ['-Infinity', 'column 1 should be a value'],
    ['01', 'column 2 should be the end, but there is "1"'],
    ['+1', 'column 1 should be a value'],
    ['.5', 'column 1 should be a value'],
    ['1.', 'column 2 should be the end'],
    ['0x10', 'column 2 should be the end'],
    ['tru', 'column 1 should be a value'],
    ['{} {}', 'column 4 should be the end, but there is "{"'],
    ['{"a"}', 'column 5 should be a colon, but there is "}"'],
    ['"a', 'column 3 should be a closing quote, but the text ends'],
    ['"a\u0000"', 'column 3 should be a closing quote, but there is "\\u0000"'],
    ['"a\n"', 'column 3 should be a closing quote'],
    ['"\\x"', 'column 3 should be an escape'],
    ['"\\u12g4"', 'column 3 should be an escape'],
    ['"\\', 'column 3 should be an escape'],
    ['/* */{}', 'column 1 should be a value'],
  ])('that is malformed is refused where it is: %j', (text, message) => {
    expect(faultOf(text)).toEqual({ path: [], message: expect.stringContaining(message) });
  });

  test('of any other kind means what it means to JSON.parse', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        fc.pre(!text.includes('"__proto__"'));
        expect(plain(text)).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  test('is malformed if JSON.parse says so, and only then', () => {
    const text = fc.json({ maxDepth: 3 });
    const garbled = fc
      .tuple(text, fc.nat(), fc.constantFrom('', ...Array.from('{}[],:"\\0.e- \nu')))
      .map(([json, at, put]) => {
        const index = at % (json.length + 1);
        return json.slice(0, index) + put + json.slice(index + 1);
      });
    fc.assert(
      fc.property(garbled, (json) => {
        const fault = faultOf(json);
        const isMalformed = fault?.message.startsWith('malformed') ?? false;
        // What is refused for another reason, such as a name given twice, isn't read to its end.
        expect(isJson(json) ? !isMalformed : fault !== undefined).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
