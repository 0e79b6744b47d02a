import { describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { digestOf } from './content-id.ts';
import { EqualLinesBuilder } from './equal-lines.ts';

function numbersOf(lines: readonly string[]): { count: number; numbers: number[] } {
  const builder = new EqualLinesBuilder();
  for (const line of lines) builder.add(digestOf([line]));
  const equal = builder.build();
  return { count: equal.count, numbers: lines.map((_, index) => equal.numberOf(index)) };
}

describe('equal lines', () => {
  test('are numbered as they come', () => {
    const anyLines = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 });
    fc.assert(
      fc.property(anyLines, (lines) => {
        const expected = lines.map(
          (line, index) => lines.slice(0, index).filter((other) => other === line).length + 1,
        );
        expect(numbersOf(lines)).toEqual({
          count: lines.length - new Set(lines).size,
          numbers: expected,
        });
      }),
    );
  });

  test('are found among many', () => {
    const lines = Array.from({ length: 90_000 }, (_, index) => String(index % 60_000));
    const { count, numbers } = numbersOf(lines);
    expect(count).toBe(30_000);
    expect(numbers.indexOf(2)).toBe(60_000);
    expect(numbers.slice(60_000).every((number) => number === 2)).toBe(true);
  });
});
