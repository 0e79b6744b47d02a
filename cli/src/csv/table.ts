import { printable } from '../printable.ts';
import { FileRefused } from './file-refused.ts';
import { type BrokenLine, type CsvRecord, RecordSplitter, recordCharactersMax } from './records.ts';
import { chooseSeparator, namedSeparator } from './separator.ts';
import { openTextFile, type TextFile } from './text-file.ts';

/**
 * A line below the header; `problem` says why it has no row. Fields are those of the header, or as many as could be
 * separated.
 */
export interface TableRow {
  readonly line: number;
  readonly lastLine: number;
  readonly fields: readonly string[];
  readonly problem?: string;
}

/** A CSV file with the names of its columns in the first line. */
export interface Table {
  readonly file: TextFile;
  /** One character. */
  readonly separator: string;
  readonly header: readonly string[];
  /**
   * The rows below the header in the file's order, as many at a time as were read together.
   *
   * @param looksWhole see {@link RecordSplitter}; only rows with as many fields as the header are shown to it
   * @throws {FileRefused} when the file changes meanwhile, or stops looking like lines
   */
  rows(options?: {
    looksWhole?: (fields: readonly string[]) => boolean;
    onRead?: (bytes: number) => void;
  }): AsyncGenerator<TableRow[]>;
}

interface TableOptions {
  /** One character; recognized by the header where undefined. */
  separator?: string | undefined;
  /** How many of the names say what their column is: the right separator gives the most of them. */
  countKnown: (header: readonly string[]) => number;
}

/** @throws {FileRefused} when it isn't such a file */
export async function openTable(path: string, options: TableOptions): Promise<Table> {
  const file = await openTextFile(path);
  const head = await readHead(file);
  const separator = options.separator ?? namedSeparator(head) ?? chooseSeparator(head, options);
  const header = headerOf(file, { head, separator });
  const isRow = (fields: readonly string[]) => fields.length === header.fields.length;
  return {
    file,
    separator,
    header: header.fields,
    async *rows({ looksWhole = () => true, onRead } = {}) {
      const splitter = new RecordSplitter({
        separator,
        looksWhole: (fields) => isRow(fields) && looksWhole(fields),
      });
      const below = (records: readonly (CsvRecord | BrokenLine)[]) =>
        records
          .filter(({ line }) => line > header.lastLine)
          .map((record) => rowOf(record, header.fields.length));
      for await (const piece of file.read(onRead)) yield below(splitter.push(piece));
      yield below(splitter.end());
    },
  };
}

/** The beginning of the file, with its first line that has content; only a part of that where it is too long to be one. */
async function readHead(file: TextFile): Promise<string> {
  let head = '';
  for await (const piece of file.read()) {
    head += piece;
    if (head.trimStart().includes('\n') || head.length > recordCharactersMax) return head;
  }
  if (head.trim() === '') throw new FileRefused(`${printable(file.path)} is empty`);
  return head;
}

function headerOf(
  file: TextFile,
  { head, separator }: { head: string; separator: string },
): CsvRecord {
  const splitter = new RecordSplitter({ separator, looksWhole: () => true });
  const records = [...splitter.push(head), ...splitter.end()];
  const header = records[namedSeparator(head) === undefined ? 0 : 1];
  if (header === undefined) throw new FileRefused(`${printable(file.path)} has no header`);
  if ('problem' in header) {
    throw new FileRefused(`The first line has no names of columns: ${header.problem}`);
  }
  if (header.fields.length > 1 && header.fields.every((name) => /^'.*'$/.test(name))) {
    throw new FileRefused(
      "The columns are in single quotes, which aren't quotes in CSV: export the file with double quotes",
    );
  }
  return header;
}

function rowOf(record: CsvRecord | BrokenLine, count: number): TableRow {
  if ('problem' in record) {
    const { text, ...row } = record;
    return { ...row, fields: [text] };
  }
  const { fields } = record;
  if (fields.length !== count) {
    return { ...record, problem: `${fields.length} fields instead of ${count}` };
  }
  // What the decoder puts where bytes make no character: different names would become the same.
  if (fields.some((field) => field.includes('\u{FFFD}'))) {
    return { ...record, problem: "it has bytes that aren't characters: save the file in UTF-8" };
  }
  return record;
}
