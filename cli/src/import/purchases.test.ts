import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FileRefused } from './columns.ts';
import { type Line, type PurchaseFile, readLines } from './purchases.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'loyalty import '));
});

afterAll(() => rm(directory, { recursive: true }));

async function linesOf(content: string | Buffer, flags: Partial<PurchaseFile> = {}) {
  const path = join(directory, 'shop.csv');
  await writeFile(path, content);
  const lines: Line[] = [];
  for await (const line of readLines({ path, programId: 'wine-dine', ...flags })) lines.push(line);
  return lines;
}

function problems(lines: readonly Line[]) {
  return lines.map((line) => ('problem' in line ? [line.line, line.problem] : [line.line]));
}

describe('a file of purchases', () => {
  test('becomes one event a line, identified by file and line', async () => {
    const [first, second] = await linesOf(
      'user_id,purchase_date,quantity,amount_usd\nu-1,2021-01-01,1,11.77\nu-2,2021-01-12,5,77\n',
    );
    expect(first).toMatchObject({
      line: 2,
      purchase: {
        programId: 'wine-dine',
        userId: 'u-1',
        transaction: {
          transactionId: 'shop.csv:2',
          amount: { currencyCode: 'USD', minorUnits: 1177n },
          items: [{ quantity: 1, amount: { currencyCode: 'USD', minorUnits: 1177n } }],
        },
      },
    });
    const occurTime =
      second && 'purchase' in second ? second.purchase.transaction?.occurTime : undefined;
    expect(occurTime && timestampDate(occurTime).toISOString()).toBe('2021-01-12T00:00:00.000Z');
  });

  test('takes transaction ids from the column that is named', async () => {
    const [line] = await linesOf('user,date,amount,receipt\nbob,2021-01-01,5,R-77\n', {
      transactionColumn: 'receipt',
      channel: 'store',
    });
    expect(line).toMatchObject({
      purchase: { transaction: { transactionId: 'R-77', channel: 'store', items: [] } },
    });
  });

  test('reads as it is written on Windows, with a byte order mark and empty lines', async () => {
    const lines = await linesOf(
      '\uFEFFuser,date,amount\r\nbob,2021-01-01,5\r\n\r\nann,2021-01-02,6\r\n',
    );
    expect(problems(lines)).toEqual([[2], [4]]);
  });

  test('may end its lines in different ways', async () => {
    const lines = await linesOf(
      'user,date,amount\nbob,2021-01-01,"5"\r\n"a\r\nb",2021-01-01,"6"\r\nann,2021-01-02,7\neve,2021-01-02,8',
    );
    expect(problems(lines)).toEqual([[2], [3, expect.stringContaining('user_id')], [5], [6]]);
  });

  test('tells which lines are bad, and reads the others', async () => {
    const lines = await linesOf(
      [
        'user_id,purchase_date,quantity,amount_usd',
        'ok,2021-01-01,1,1.00',
        'fields,2021-01-01,1',
        'amount,2021-01-01,1,1.005',
        'date,2021-02-30,1,1.00',
        'quantity,2021-01-01,two,1.00',
        ',2021-01-01,1,1.00',
        'none,2021-01-01,0,1.00',
        'me,2021-01-01,1,1.00',
        '"two\nlines",2021-01-01,1,1.00',
        'a 12" disc,2021-01-01,1,1.00',
      ].join('\n'),
    );
    expect(problems(lines)).toEqual([
      [2],
      [3, '3 fields instead of 4'],
      [4, expect.stringContaining('more decimals')],
      [5, expect.stringContaining('calendar')],
      [6, expect.stringContaining('"two" is not a quantity')],
      [7, expect.stringContaining('user_id')],
      [8, expect.stringContaining('quantity')],
      [9, expect.stringContaining('user_id')],
      [10, expect.stringContaining('user_id')],
      [12],
    ]);
  });

  test('a quote that is never closed spoils only what follows it', async () => {
    const lines = await linesOf('user,date,amount\nbob,2021-01-01,5\n"ann,2021-01-02,6\n');
    expect(problems(lines)).toEqual([[2], [expect.any(Number), expect.stringContaining('quote')]]);
  });

  test('names that are not in UTF-8 are refused, because they would become the same', async () => {
    const lines = await linesOf(Buffer.from('user,date,amount\nJos\xe9,2021-01-01,5\n', 'latin1'));
    expect(problems(lines)).toEqual([[2, 'not in UTF-8']]);
  });

  test('is refused as a whole when it is empty or missing', async () => {
    await expect(linesOf('')).rejects.toThrow(FileRefused);
    const missing = readLines({ path: join(directory, 'none.csv'), programId: 'wine-dine' });
    await expect(missing.next()).rejects.toThrow(FileRefused);
  });
});
