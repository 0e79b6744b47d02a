import { describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { patternSize, patternSizeMax } from './pattern-size.ts';

describe('the size of a pattern', () => {
  test.each([
    ['', 3],
    ['^[a-z]+$', 6],
    ['\\d{4}-\\d{2}-\\d{2}', 12],
    ['(?i:a){190}', 192],
    ['[[:alpha:]]{100}', 102],
    ['[]a]{100}', 102],
    ['\\pL{100}|\\x{41}{50}', 173],
    ['\\Q([{\\E', 5],
    ['a{0,5}', 12],
  ])('%s is %d instructions', (pattern, size) => {
    expect(patternSize(pattern)).toBe(size);
  });

  test.each([
    ['long repetitions', '[a-z]{1000}'.repeat(3)],
    ['a long group that is repeated', `(?:${'a'.repeat(100)}){30}`],
    ['repetitions of repetitions', '(?:(?:[a-z0-9]{20}-){20}x?){2,}'],
    ['very many classes of Unicode', '[\\pL\\PL]'.repeat(60)],
  ])('is not told exactly of %s', (_, pattern) => {
    expect(patternSize(pattern)).toBe(Number.POSITIVE_INFINITY);
  });

  test.each(['(', 'a{1001}', 'a**', '(?:a{100}){11}', '[z-a]'])('%s has none', (pattern) => {
    expect(() => patternSize(pattern)).toThrow('error parsing regexp');
  });

  test('is never more than the bound that is told without compiling it', () => {
    const atom = fc.constantFrom(
      'a',
      '.',
      '\\d',
      '[^\\]x-]',
      '[]a[]',
      '\\x{41}',
      '\\Qa{9}\\E',
      '\\[',
      '|',
      '^',
      '{',
      ']',
    );
    const repetition = fc.constantFrom(
      '',
      '',
      '',
      '*',
      '+?',
      '?',
      '{3}',
      '{0,4}',
      '{2,}',
      '{0}',
      '{1,2}?',
    );
    const { pattern } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
      pattern: fc.array(tie('part'), { maxLength: 5 }).map((parts) => parts.join('')),
      part: fc
        .tuple(
          fc.oneof(
            { maxDepth: 4 },
            atom,
            tie('pattern').map((inner) => `(${inner})`),
            tie('pattern').map((inner) => `(?i:${inner})`),
          ),
          repetition,
        )
        .map((parts) => parts.join('')),
    }));
    let compiled = 0;
    fc.assert(
      fc.property(pattern, (text) => {
        let size: number;
        try {
          size = patternSize(text);
        } catch {
          return;
        }
        if (size === Number.POSITIVE_INFINITY) return;
        compiled += 1;
        expect(size).toBeLessThanOrEqual(patternSizeMax(text));
      }),
      { numRuns: 3_000 },
    );
    expect(compiled).toBeGreaterThan(200);
  });
});
