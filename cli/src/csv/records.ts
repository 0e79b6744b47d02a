import { FileRefused } from './file-refused.ts';

/** The fields of one line, trimmed; quoted fields may go over several lines. Lines count from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly lastLine: number;
  readonly fields: readonly string[];
}

/** A line that can't be read, with its text unchanged. */
export interface BrokenLine {
  readonly line: number;
  readonly lastLine: number;
  readonly text: string;
  readonly problem: string;
}

interface SplitterOptions {
  /** One character. */
  separator: string;
  /**
   * Whether fields look like a whole line of the file. A quoted field that goes over such a line is taken for a quote that
   * was never closed.
   */
  looksWhole: (fields: readonly string[]) => boolean;
}

/** A longer line means that the text isn't CSV, and a longer quoted field that its quote was never closed. */
export const recordCharactersMax = 64 * 1024;

/**
 * Splits text that comes in pieces into records. A line whose quotes don't match is broken by itself, and the next record
 * begins on the line below it. Lines without any content are left out.
 *
 * Why ours and not a library's: csv-parse either ends at a quote that doesn't match, or takes all lines up to the next
 * quote for one field. An import has to name the line in which the quote was opened, go on with the line below it, and
 * notice a quoted field that swallowed other lines. On files without such faults a test compares this with csv-parse.
 */
export class RecordSplitter {
  readonly #options: SplitterOptions;
  #text = '';
  #line = 1;

  constructor(options: SplitterOptions) {
    this.#options = options;
  }

  /**
   * Takes the next piece, and returns what is complete by now.
   *
   * @throws {FileRefused} when a line is too long to be one
   */
  push(piece: string): (CsvRecord | BrokenLine)[] {
    this.#text += piece;
    return this.#take({ isEnd: false });
  }

  /** Returns what is left when the text is over. */
  end(): (CsvRecord | BrokenLine)[] {
    return this.#take({ isEnd: true });
  }

  #take({ isEnd }: { isEnd: boolean }): (CsvRecord | BrokenLine)[] {
    const text = this.#text;
    const taken: (CsvRecord | BrokenLine)[] = [];
    let start = 0;
    let quote = text.indexOf('"');
    while (start < text.length) {
      const lineEnd = this.#lineEnd(start, isEnd);
      if (lineEnd === undefined) break;
      if (quote >= 0 && quote < start) quote = text.indexOf('"', start);
      const hasQuote = quote >= 0 && quote < lineEnd;
      const end = hasQuote
        ? this.#takeQuoted(taken, { start, lineEnd, isEnd })
        : this.#takePlain(taken, { start, lineEnd });
      if (end === undefined) break;
      start = end + 1;
    }
    this.#text = text.slice(start);
    return taken;
  }

  /** Undefined where the rest of the line hasn't come yet. */
  #lineEnd(start: number, isEnd: boolean): number | undefined {
    const lineEnd = this.#text.indexOf('\n', start);
    if (lineEnd >= 0) return lineEnd;
    if (this.#text.length - start > recordCharactersMax) {
      throw new FileRefused(
        `Line ${this.#line} is longer than ${recordCharactersMax} characters: that can't be a line of a CSV file`,
      );
    }
    return isEnd ? this.#text.length : undefined;
  }

  #takePlain(
    taken: (CsvRecord | BrokenLine)[],
    { start, lineEnd }: { start: number; lineEnd: number },
  ): number {
    const { separator } = this.#options;
    const fields = this.#text.slice(start, lineEnd).split(separator).map(trimmed);
    this.#add(taken, { fields, lastLine: this.#line });
    return lineEnd;
  }

  /** Returns where the record ends; undefined where that hasn't come yet. */
  #takeQuoted(
    taken: (CsvRecord | BrokenLine)[],
    { start, lineEnd, isEnd }: { start: number; lineEnd: number; isEnd: boolean },
  ): number | undefined {
    const read = readQuoted(this.#text, { start, separator: this.#options.separator });
    const isShort = this.#text.length - start <= recordCharactersMax;
    // A quote at the very end of a piece may be the first of two.
    const isOpen =
      read === 'unfinished' || (typeof read !== 'string' && read.end === this.#text.length);
    if (isOpen && isShort && !isEnd) return undefined;
    if (typeof read === 'string' || read.end - start > recordCharactersMax) {
      this.#addBroken(taken, {
        text: this.#text.slice(start, lineEnd),
        lastLine: this.#line,
        problem:
          read === 'text behind a quote'
            ? 'a quote is closed before the end of its field'
            : 'a quote is opened and never closed',
      });
      return lineEnd;
    }
    const { fields, end } = read;
    const lastLine = this.#line + (end > lineEnd ? lineBreaks(this.#text, { start, end }) : 0);
    if (lastLine > this.#line && this.#swallowsLines(fields)) {
      this.#addBroken(taken, {
        text: this.#text.slice(start, end),
        lastLine,
        problem: `a quote is opened in line ${this.#line} and closed in line ${lastLine}, over what looks like other lines`,
      });
    } else {
      this.#add(taken, { fields, lastLine });
    }
    return end;
  }

  #swallowsLines(fields: readonly string[]): boolean {
    const { separator, looksWhole } = this.#options;
    return fields.some((field) =>
      field
        .split('\n')
        .slice(1)
        .some((line) => looksWhole(line.split(separator).map(trimmed))),
    );
  }

  #add(
    taken: (CsvRecord | BrokenLine)[],
    { fields, lastLine }: { fields: string[]; lastLine: number },
  ): void {
    if (fields.some((field) => field !== '')) taken.push({ line: this.#line, lastLine, fields });
    this.#line = lastLine + 1;
  }

  #addBroken(taken: (CsvRecord | BrokenLine)[], broken: Omit<BrokenLine, 'line'>): void {
    taken.push({ line: this.#line, ...broken });
    this.#line = broken.lastLine + 1;
  }
}

function trimmed(field: string): string {
  return field.trim();
}

function lineBreaks(text: string, { start, end }: { start: number; end: number }): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) {
    count += 1;
  }
  return count;
}

type QuotedRecord = { fields: string[]; end: number };
type Unreadable = 'unfinished' | 'unclosed' | 'text behind a quote';

/** Reads a record with quotes by RFC 4180. A quote within a field that doesn't begin with one is a character like any other. */
function readQuoted(
  text: string,
  { start, separator }: { start: number; separator: string },
): QuotedRecord | Unreadable {
  const firstLineEnd = text.indexOf('\n', start);
  const fields: string[] = [];
  for (let at = start; ; at += 1) {
    const field = readField(text, { start: at, separator });
    if (field === undefined) return 'unfinished';
    fields.push(field.value.trim());
    at = field.end;
    const delimiter = text[at];
    if (delimiter === separator) continue;
    if (delimiter === undefined || delimiter === '\n') return { fields, end: at };
    // Behind a quote that is closed further down it is most likely another field's opening quote.
    return firstLineEnd >= 0 && at > firstLineEnd ? 'unclosed' : 'text behind a quote';
  }
}

/** The field at `start`, and where it ends; undefined where its quote is still open when the text is over. */
function readField(
  text: string,
  { start, separator }: { start: number; separator: string },
): { value: string; end: number } | undefined {
  const opening = skipSpaces(text, start);
  if (text[opening] !== '"') {
    const end = firstOf(text, start, separator);
    return { value: text.slice(start, end), end };
  }
  let value = '';
  for (let at = opening + 1; ; ) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return undefined;
    value += text.slice(at, quote);
    if (text[quote + 1] !== '"') return { value, end: skipSpaces(text, quote + 1) };
    value += '"';
    at = quote + 2;
  }
}

function skipSpaces(text: string, start: number): number {
  let at = start;
  while (text[at] === ' ') at += 1;
  return at;
}

function firstOf(text: string, start: number, separator: string): number {
  let at = start;
  while (at < text.length && text[at] !== separator && text[at] !== '\n') at += 1;
  return at;
}
