import { accessSync, closeSync, constants, openSync, writeSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import { csvLine } from '../csv/csv-text.ts';
import { FileRefused } from '../csv/file-refused.ts';
import type { Table, TableRow } from '../csv/table.ts';
import { printable } from '../printable.ts';

/** A CSV file of the lines that weren't taken, with the reasons. Corrected, it can be imported. */
export interface RejectedFile {
  /** Undefined while no line was rejected: then there is no file. */
  readonly path: string | undefined;
  write(row: TableRow, problem: string): void;
  close(): void;
}

/**
 * Prepares a file beside the one that is imported, or where `path` says. It never takes the place of another: that may
 * be an earlier one that someone is correcting.
 *
 * @throws {FileRefused} when it couldn't be written
 */
export function prepareRejectedFile(table: Table, path?: string): RejectedFile {
  const { dir, name } = parse(table.file.path);
  const wanted = path ?? join(dir, `${name}.rejected.csv`);
  requireWritable(wanted);
  let file: { descriptor: number; path: string } | undefined;
  return {
    get path() {
      return file?.path;
    },
    // At once, so that an interrupt loses nothing.
    write({ line, fields }, problem) {
      if (file === undefined) {
        file = openNew(wanted);
        writeSync(file.descriptor, csvLine(['line', 'reason', ...table.header], table.separator));
      }
      const cells = [String(line), printable(problem), ...fields];
      writeSync(file.descriptor, csvLine(cells, table.separator));
    },
    close() {
      if (file !== undefined) closeSync(file.descriptor);
    },
  };
}

function requireWritable(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw new FileRefused(
      `Rejected lines can't be written to ${printable(path)}: name another file with --rejected`,
      { cause: error },
    );
  }
}

function openNew(wanted: string): { descriptor: number; path: string } {
  const { dir, name, ext } = parse(wanted);
  for (let number = 1; ; number += 1) {
    const path = number === 1 ? wanted : join(dir, `${name}-${number}${ext}`);
    try {
      return { descriptor: openSync(path, 'wx'), path };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
