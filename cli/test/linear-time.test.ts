import { describe, test } from '@jest/globals';
import { expectLinearTime, numbered, repeated } from '@loyalty/local/linear-time.ts';
import { FileRefused } from '../src/csv/file-refused.ts';
import { RecordSplitter } from '../src/csv/records.ts';
import { chooseSeparator } from '../src/csv/separator.ts';
import { parseAmount } from '../src/import/amount.ts';
import { DecimalSigns } from '../src/import/decimal-sign.ts';
import { LineProblem } from '../src/import/line-problem.ts';
import { parseTime } from '../src/import/written-time.ts';

/** Reads a text in the pieces that a file comes in. */
function split(text: string): void {
  const pieceSize = 64 * 1024;
  const splitter = new RecordSplitter({ separator: ',', looksWhole: ({ length }) => length === 3 });
  for (let at = 0; at < text.length; at += pieceSize) splitter.push(text.slice(at, at + pieceSize));
  splitter.end();
}

describe('the time to read a file grows with its length and no faster, for', () => {
  test.each([
    ['lines', repeated('', 'alice,2026-01-31,5.00\n', '')],
    ['empty lines', repeated('', '\n', '')],
    ['lines of separators', repeated('', ',,\n', '')],
    ['quoted fields', repeated('', '"alice","2026-01-31","5,00"\n', '')],
    ['fields over several lines', repeated('', '"alice\nbob","2026-01-31","5"\n', '')],
    ['quotes that are never closed', repeated('', 'alice,"2026-01-31,5.00\n', '')],
    ['quotes that are closed too early', repeated('', '"alice"x,2026-01-31,5.00\n', '')],
    ['doubled quotes', repeated('"\n', '""\n', '')],
    ['lines of one quote', repeated('', '"\n', '')],
    ['lines of three quotes', repeated('', '"""\n', '')],
    ['an open quote and lines of two', repeated('"\n', '"",""\n', '')],
  ])('%s', (_what, textOf) => {
    expectLinearTime({ textOf, read: split, sizeMax: 2 * 1024 * 1024 });
  });
});

describe('the time to read one long line or field grows with its length and no faster, for', () => {
  /** The longest line that is taken for one. */
  const sizeMax = 64 * 1024;

  test.each([
    ['separators', repeated('', ',', '\n')],
    ['quotes', repeated('', '"', '\n')],
    ['quoted fields', repeated('""', ',""', '\n')],
    ['spaces', repeated('', ' ', 'x\n')],
    ['spaces around quotes', repeated('', ' " ', '\n')],
    ['names', numbered('', (index) => `column${index}`, '\n')],
  ])('%s', (_what, textOf) => {
    const read = (text: string) => {
      unlessRefused(() => chooseSeparator(text, { countKnown: () => 0 }));
      unlessRefused(() => split(text));
    };
    expectLinearTime({ textOf, read, sizeMax });
  });

  test.each([
    ['digits', repeated('', '1', '')],
    ['groups of digits', repeated('1', ',000', '')],
    ['decimals', repeated('1.', '0', '')],
    ['zeros and an end', repeated('1.', '0', 'x')],
    ['minus signs', repeated('', '-', '')],
    ['brackets', repeated('', '(', '')],
    ['spaces', repeated('1', ' ', '1')],
    ['the start of a time', repeated('2026-01-31 ', ' ', '')],
    ['a fraction of a second', repeated('2026-01-31 10:00:00.', '0', '')],
  ])('%s', (_what, textOf) => {
    const read = (text: string) => {
      unlessRefused(() => parseAmount(text, { currencyCode: 'USD' }));
      unlessRefused(() => parseTime(text));
      new DecimalSigns().see(text, 1);
    };
    expectLinearTime({ textOf, read, sizeMax });
  });
});

function unlessRefused(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof LineProblem || error instanceof FileRefused)) throw error;
  }
}
