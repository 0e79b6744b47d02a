import { describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { parse } from 'csv-parse/sync';
import { csvLine } from './csv-text.ts';
import { FileRefused } from './file-refused.ts';
import { type BrokenLine, type CsvRecord, RecordSplitter, recordCharactersMax } from './records.ts';

function split(
  pieces: readonly string[],
  {
    separator = ',',
    looksWhole = () => false,
  }: { separator?: string; looksWhole?: () => boolean } = {},
): (CsvRecord | BrokenLine)[] {
  const splitter = new RecordSplitter({ separator, looksWhole });
  return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()];
}

/** A text cut into pieces anywhere. */
function cut(text: string, places: readonly number[]): string[] {
  const ends = [...places.map((place) => place % (text.length + 1)), text.length];
  let start = 0;
  return ends
    .toSorted((left, right) => left - right)
    .map((end) => {
      const piece = text.slice(start, end);
      start = end;
      return piece;
    });
}

const field = fc.string({
  unit: fc.constantFrom('a', 'é', '"', ',', ';', '\n', ' ', "'"),
  maxLength: 6,
});

describe('records of well-formed text', () => {
  test('are those that csv-parse reads, however the text is cut', () => {
    const rows = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 6 });
    fc.assert(
      fc.property(
        rows,
        fc.constantFrom(',', ';', '\t'),
        fc.array(fc.nat()),
        (table, separator, places) => {
          const text = table.map((fields) => csvLine(fields, separator)).join('');
          const read = parse(text, {
            delimiter: separator,
            relax_column_count: true,
          });
          const expected = read
            .map((fields) => fields.map((each) => each.trim()))
            .filter((fields) => fields.some((each) => each !== ''));
          const records = split(cut(text, places), { separator });
          expect(records.map((record) => ('fields' in record ? record.fields : record))).toEqual(
            expected,
          );
        },
      ),
    );
  });

  test('know their lines', () => {
    const records = split(['a,b\n\n"c\n', 'd",e\r', '\nf,g']);
    expect(records.map(({ line, lastLine }) => [line, lastLine])).toEqual([
      [1, 1],
      [3, 4],
      [5, 5],
    ]);
  });
});

describe('any text', () => {
  test('gives the same records, however it is cut, and each line is in one of them at most', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n'), maxLength: 40 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 5 }), (whole, places) => {
        const records = split([whole]);
        expect(split(cut(whole, places))).toEqual(records);
        let last = 0;
        for (const { line, lastLine } of records) {
          expect(line).toBeGreaterThan(last);
          expect(lastLine).toBeGreaterThanOrEqual(line);
          last = lastLine;
        }
        expect(last).toBeLessThanOrEqual(whole.split('\n').length);
      }),
    );
  });
});

describe('a quote that is never closed', () => {
  test('costs one line, even where nothing closes it for a long way', () => {
    const lines = Array.from({ length: 10_000 }, (_, index) => `ann,${index}`);
    const [broken, ...others] = split(['"bob,0\n', `${lines.join('\n')}\n`]);
    expect(broken).toEqual({
      line: 1,
      lastLine: 1,
      text: '"bob,0',
      problem: 'a quote is opened and never closed',
    });
    expect(others).toHaveLength(10_000);
    expect(others.at(-1)).toEqual({ line: 10_001, lastLine: 10_001, fields: ['ann', '9999'] });
  });
});

test('a line that is too long to be one ends the reading', () => {
  const piece = 'x'.repeat(recordCharactersMax);
  expect(() => split([piece, piece])).toThrow(FileRefused);
});
