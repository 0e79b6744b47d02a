import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { digestOf } from './content-id.ts';
import { EqualLinesBuilder } from './equal-lines.ts';

interface Line {
  readonly content: string;
  readonly quantity: number;
}

function numbersOf(lines: readonly Line[]): { count: number; numbers: number[] } {
  const builder = new EqualLinesBuilder();
  for (const { content, quantity } of lines) builder.add(digestOf([content]), quantity);
  const equal = builder.build();
  return { count: equal.count, numbers: lines.map((_, index) => equal.numberOf(index)) };
}

const anyLines = fc.array(
  fc.record({ content: fc.constantFrom('a', 'b', 'c'), quantity: fc.nat({ max: 3 }) }),
  { maxLength: 30 },
);

describe('equal lines', () => {
  test('are numbered by their quantity, then as they come', () => {
    fc.assert(
      fc.property(anyLines, (lines) => {
        const expected = lines.map((line, index) => {
          const before = lines.filter(
            (other, at) =>
              other.content === line.content &&
              (other.quantity < line.quantity || (other.quantity === line.quantity && at < index)),
          );
          return before.length + 1;
        });
        const distinct = new Set(lines.map(({ content }) => content)).size;
        expect(numbersOf(lines)).toEqual({ count: lines.length - distinct, numbers: expected });
      }),
    );
  });

  test('get the same numbers in any order of the file', () => {
    const shuffled = anyLines.chain((lines) =>
      fc.tuple(
        fc.constant(lines),
        fc.shuffledSubarray(lines, { minLength: lines.length, maxLength: lines.length }),
      ),
    );
    const identities = (lines: readonly Line[]) => {
      const { numbers } = numbersOf(lines);
      return lines
        .map(({ content, quantity }, index) => `${content} ${quantity} ${numbers[index]}`)
        .toSorted();
    };
    fc.assert(
      fc.property(shuffled, ([lines, others]) => {
        expect(identities(others)).toEqual(identities(lines));
      }),
    );
  });

  test('are found among many', () => {
    const lines = Array.from({ length: 90_000 }, (_, index) => ({
      content: String(index % 60_000),
      quantity: 0,
    }));
    const { count, numbers } = numbersOf(lines);
    expect(count).toBe(30_000);
    expect(numbers.findIndex((number) => number === 2)).toBe(60_000);
    expect(numbers.slice(60_000).every((number) => number === 2)).toBe(true);
  });
});
