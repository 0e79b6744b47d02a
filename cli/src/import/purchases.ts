import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { create } from '@bufbuild/protobuf';
import { ValidationFailed } from '@loyalty/platform/errors.ts';
import { validatorOf } from '@loyalty/platform/rpc/validation.ts';
import {
  type EarnRequested,
  EarnRequestedSchema,
} from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';
import { type CsvError, parse } from 'csv-parse';
import { parseAmount } from './amount.ts';
import { type ColumnFlags, type Columns, chooseColumns, FileRefused } from './columns.ts';
import { parseOccurTime } from './occur-time.ts';

export interface PurchaseFile extends ColumnFlags {
  path: string;
  programId: string;
  channel?: string;
}

/** What a line of the file says: a purchase, or that it can't be read as one. Lines count from 1, the header's. */
export type Line = { line: number } & ({ purchase: EarnRequested } | { problem: string });

/** A line with a purchase. */
export type PurchaseLine = Extract<Line, { purchase: EarnRequested }>;

/** Longer lines are a sign of a quote that was never closed. */
const lineBytesMax = 64 * 1024;

const validate = validatorOf(EarnRequestedSchema);

/**
 * Reads the file line by line, so that its size doesn't matter.
 *
 * @throws {FileRefused} when the file can't be read or its columns aren't known
 */
export async function* readLines(file: PurchaseFile): AsyncGenerator<Line> {
  const skipped: Line[] = [];
  const source = Readable.from(unixLines(createReadStream(file.path, 'utf8')));
  const parser = parse({
    bom: true,
    trim: true,
    record_delimiter: '\n',
    info: true,
    skip_empty_lines: true,
    relax_quotes: true,
    relax_column_count: true,
    max_record_size: lineBytesMax,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error) skipped.push(unreadable(error));
      return undefined;
    },
  });
  source.on('error', (error) => parser.destroy(new FileRefused(error.message, { cause: error })));
  let columns: Columns | undefined;
  for await (const { record, info } of source.pipe(parser) as AsyncIterable<ParsedLine>) {
    if (columns === undefined) {
      columns = chooseColumns(record, file);
      continue;
    }
    yield* skipped.splice(0);
    const line = info.lines - lineBreaks(record);
    yield readLine({ line, fields: record, columns, file });
  }
  if (columns === undefined) throw new FileRefused(`${file.path} is empty`);
  yield* skipped;
}

// The parser takes the first line's ending for that of all lines, and counts a quoted CR LF as two; in files that
// several programs have written to, endings are mixed.
async function* unixLines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let held = '';
  for await (const chunk of chunks) {
    const text = held + chunk;
    held = text.endsWith('\r') ? '\r' : '';
    yield text.slice(0, text.length - held.length).replaceAll('\r\n', '\n');
  }
  yield held;
}

interface ParsedLine {
  record: string[];
  /** Counted to the end of the record. */
  info: { lines: number };
}

// A quoted field may go over several lines.
function lineBreaks(fields: readonly string[]): number {
  return fields.reduce((sum, field) => sum + field.split('\n').length - 1, 0);
}

function unreadable(error: CsvError): Line {
  const lines = error['lines'];
  const problem =
    error.code === 'CSV_MAX_RECORD_SIZE' || error.code === 'CSV_QUOTE_NOT_CLOSED'
      ? 'a quote is opened and not closed'
      : error.message;
  return { line: typeof lines === 'number' ? lines : 0, problem };
}

function readLine(input: {
  line: number;
  fields: readonly string[];
  columns: Columns;
  file: PurchaseFile;
}): Line {
  const { line, fields, columns } = input;
  if (fields.length !== columns.count) {
    return { line, problem: `${fields.length} fields instead of ${columns.count}` };
  }
  // What the decoder puts where bytes make no character: different names would become the same.
  if (fields.some((field) => field.includes('\u{FFFD}'))) {
    return { line, problem: 'not in UTF-8' };
  }
  try {
    const purchase = purchaseOf(input);
    validate(purchase);
    return { line, purchase };
  } catch (error) {
    if (error instanceof TypeError || error instanceof ValidationFailed) {
      return { line, problem: error.message };
    }
    throw error;
  }
}

function purchaseOf(input: {
  line: number;
  fields: readonly string[];
  columns: Columns;
  file: PurchaseFile;
}): EarnRequested {
  const { line, fields, columns, file } = input;
  const field = (position: number) => fields[position] ?? '';
  const amount = {
    currencyCode: columns.currency,
    minorUnits: parseAmount(field(columns.amount), columns.currency),
  };
  return create(EarnRequestedSchema, {
    programId: file.programId,
    userId: field(columns.user),
    transaction: {
      transactionId:
        columns.transaction === undefined
          ? `${basename(file.path)}:${line}`
          : field(columns.transaction),
      occurTime: parseOccurTime(field(columns.time)),
      amount,
      items:
        columns.quantity === undefined
          ? []
          : [{ itemId: '1', quantity: parseQuantity(field(columns.quantity)), amount }],
      channel: file.channel ?? '',
    },
  });
}

function parseQuantity(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new TypeError(`"${text}" is not a quantity: write it like 3`);
  return Number(text);
}
