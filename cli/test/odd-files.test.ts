// Files as people have them, each with exactly what an import makes of it: the purchases that it would report, or why not.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createZoneClock } from '@loyalty/rules/zone-clock.ts';
import { FileRefused } from '../src/csv/file-refused.ts';
import type { RowResult } from '../src/import/identified-lines.ts';
import { openPurchaseFile, type PurchaseFileFlags } from '../src/import/purchase-file.ts';
import type { PurchaseLine } from '../src/import/purchase-line.ts';
import { instantOf } from '../src/import/written-time.ts';
import type { Progress } from '../src/progress.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'loyalty odd files '));
});
afterAll(() => rm(directory, { recursive: true }));

const silent: Progress = {
  start: () => ({ to: () => undefined, end: () => undefined }),
  notice: () => undefined,
};

type Flags = Partial<PurchaseFileFlags> & { zone?: string };
/** The lines as `describeRow` writes them, or why the whole file is refused. */
type ReadResult =
  | readonly string[]
  | { refused: string | ReturnType<typeof expect.stringMatching> };
type Case = [name: string, file: string | Buffer, expected: ReadResult, flags?: Flags];

async function readResultOf(content: string | Buffer, { zone = 'UTC', ...flags }: Flags = {}) {
  const path = join(directory, 'odd.csv');
  await writeFile(path, content);
  const described: string[] = [];
  try {
    const options = { columns: {}, refunds: false, progress: silent, ...flags };
    const file = await openPurchaseFile(path, options);
    for await (const rows of file.lines.read()) {
      described.push(...rows.map((row) => describeRow(row, zone)));
    }
    return described;
  } catch (error) {
    if (error instanceof FileRefused) return { refused: error.message };
    throw error;
  }
}

/** `2 ann 2026-01-31 12.50EUR x3 #o1`: line, user, instant, minor units, quantity and id, or the number among equal lines. */
function describeRow(row: RowResult<PurchaseLine>, zone: string): string {
  const { line: from, lastLine: to } = row.row;
  const where = from === to ? `${from}` : `${from}-${to}`;
  if (row.kind === 'problem') return `${where}: ${row.problem}`;
  if (row.kind === 'repeat') return `${where} again`;
  const { userId, time, minorUnits, currencyCode, quantity, refundOf } = row.line;
  const instant = new Date(instantOf(time, createZoneClock(zone))).toISOString();
  return [
    where,
    userId,
    instant.replace('T00:00:00.000Z', '').replace('.000Z', 'Z'),
    `${minorUnits}${currencyCode}`,
    ...(quantity === undefined ? [] : [`x${quantity}`]),
    ...(refundOf === undefined ? [] : [`refund of ${refundOf}`]),
    row.line.id === undefined
      ? row.id.replace(/^import-[\w-]{43}(?:-(\d+))?$/, (_, number) => `~${number ?? 1}`)
      : `#${row.id}`,
  ].join(' ');
}

function runCases(cases: readonly Case[]) {
  test.each(cases)('%s', async (...[, file, expected, flags]) => {
    expect(await readResultOf(file, flags)).toEqual(expected);
  });
}

const ann = '2 ann 2026-01-31 1250USD ~1';

describe('headers', () => {
  runCases([
    ['customary names', 'user_id,purchase_date,amount_usd\nann,2026-01-31,12.50\n', [ann]],
    [
      'names in another case, order and spelling',
      'Total (USD),Order Date,Customer ID,OrderNo\n12.50,2026-01-31,ann,A-1\n',
      ['2 ann 2026-01-31 1250USD #A-1'],
    ],
    [
      'camel case',
      'userId,createdAt,amount,currencyCode,orderId\nann,2026-01-31,12.50,usd,A-1\n',
      ['2 ann 2026-01-31 1250USD #A-1'],
    ],
    [
      'a quantity',
      'user,date,amount_usd,Qty\nann,2026-01-31,12.50,3\nbob,2026-01-31,1.00,two\ncid,2026-01-31,1.00,\n',
      [
        '2 ann 2026-01-31 1250USD x3 ~1',
        '3: "two" is not a quantity: write it like 3',
        '4: "" is not a quantity: write it like 3',
      ],
    ],
    [
      'a currency in each line',
      'user,date,amount,currency\nann,2026-01-31,12.50,USD\nbob,2026-01-31,1500.00,jpy\ncid,2026-01-31,1.00,XXZ\ndot,2026-01-31,1.00,\n',
      [
        ann,
        '3 bob 2026-01-31 1500JPY ~1',
        '4: "XXZ" is not a currency of ISO 4217, such as USD',
        '5: "" is not a currency of ISO 4217, such as USD',
      ],
    ],
    ['a currency by flag', 'user,date,amount\nann,2026-01-31,12.50\n', [ann], { currency: 'USD' }],
    [
      'no currency',
      'user,date,amount\nann,2026-01-31,12.50\n',
      {
        refused:
          'Nothing says which currency the column "amount" is in: name it with --currency, or its column with --currency-column',
      },
    ],
    [
      'an ending that is no currency',
      'user,date,amount_net\nann,2026-01-31,12.50\n',
      {
        refused:
          'No column is known to be the amount: name it with --amount-column. The columns are "user", "date", "amount_net"',
      },
    ],
    [
      'two currencies',
      'user,date,amount_usd,currency\nann,2026-01-31,12.50,EUR\n',
      {
        refused:
          'The currency may be USD, as the name of the column "amount_usd" says, or be in the column "currency": choose with --currency or --currency-column',
      },
    ],
    [
      'two currencies, settled',
      'user,date,amount_usd,currency\nann,2026-01-31,12.50,EUR\n',
      ['2 ann 2026-01-31 1250EUR ~1'],
      { columns: { currency: 'currency' } },
    ],
    [
      'a currency by flag, and in each line',
      'user,date,amount,currency\nann,2026-01-31,12.50,usd\nbob,2026-01-31,7.00,EUR\ncid,2026-01-31,1.00,\ndot,2026-01-31,2.00,$\n',
      [
        ann,
        '3: its currency is "EUR", but --currency says USD: correct the line, or leave out the flag',
        '4 cid 2026-01-31 100USD ~1',
        '5: its currency is "$", but --currency says USD: correct the line, or leave out the flag',
      ],
      { currency: 'USD' },
    ],
    [
      'a currency by flag, and in two columns of each line',
      'user,date,amount_usd,currency,currency_code\nann,2026-01-31,12.50,USD,USD\nbob,2026-01-31,7.00,USD,JPY\n',
      [
        ann,
        '3: its currency is "JPY", but --currency says USD: correct the line, or leave out the flag',
      ],
      { currency: 'USD' },
    ],
    [
      'a currency by flag, and a column of that name which is something else',
      'user,date,amount,currency\nann,2026-01-31,12.50,A-1\n',
      ['2 ann 2026-01-31 1250USD #A-1'],
      { currency: 'USD', columns: { transaction: 'currency' } },
    ],
    [
      'a currency by flag, and another one in the name of the amount',
      'user,date,amount_eur\nann,2026-01-31,12.50\n',
      {
        refused:
          'The name of the column "amount_eur" says EUR, but --currency says USD: correct the flag, or rename the column',
      },
      { currency: 'USD' },
    ],
    [
      'a currency by flag, and another one in the name of a column that is named for the amount',
      'user,date,Umsatz (EUR)\nann,2026-01-31,12.50\n',
      {
        refused:
          'The name of the column "Umsatz (EUR)" says EUR, but --currency says USD: correct the flag, or rename the column',
      },
      { currency: 'USD', columns: { amount: '3' } },
    ],
    [
      'two amounts',
      'user,date,amount_jpy,amount_usd\nann,2026-01-31,150000,1000.00\n',
      {
        refused:
          '2 columns may be the amount, "amount_jpy" (column 3) and "amount_usd" (column 4): name the right one by its name or number with --amount-column',
      },
    ],
    [
      'two amounts, settled',
      'user,date,amount_jpy,amount_usd\nann,2026-01-31,150000,1000.00\n',
      ['2 ann 2026-01-31 150000JPY ~1'],
      { columns: { amount: 'amount_jpy' } },
    ],
    [
      'two columns of one name',
      'user,date,amount,amount\nann,2026-01-31,900.00,100.00\n',
      {
        refused:
          '2 columns may be the amount, "amount" (column 3) and "amount" (column 4): name the right one by its number with --amount-column',
      },
      { currency: 'USD' },
    ],
    [
      'two columns of one name, settled',
      'user,date,amount,amount\nann,2026-01-31,900.00,12.50\n',
      [ann],
      { currency: 'USD', columns: { amount: '4' } },
    ],
    [
      'two ids',
      'user,date,amount_usd,transaction_id,order_id\nann,2026-01-31,12.50,t,o\n',
      {
        refused:
          '2 columns may be the purchase\'s id, "transaction_id" (column 4) and "order_id" (column 5): name the right one by its name or number with --transaction-column',
      },
    ],
    [
      'a flag for a column that is not there',
      'user,date,amount_usd\nann,2026-01-31,12.50\n',
      {
        refused:
          '--user-column names the column "payer", which isn\'t there. The columns are "user", "date", "amount_usd"',
      },
      { columns: { user: 'payer' } },
    ],
    [
      'no header',
      'ann,2026-01-31,12.50\n',
      {
        refused:
          'No column is known to be the user\'s id: name it with --user-column. The columns are "ann", "2026-01-31", "12.50"',
      },
    ],
    ['nothing but a header', 'user,date,amount_usd\n', []],
    ['nothing', '', { refused: expect.stringMatching(/odd\.csv is empty$/) }],
    [
      'one line without an end',
      'x'.repeat(100_000),
      { refused: "Line 1 is longer than 65536 characters: that can't be a line of a CSV file" },
    ],
  ]);
});

describe('separators', () => {
  runCases([
    [
      'semicolons and decimal commas',
      'user_id;purchase_date;amount_eur\nann;2026-01-31;12,50\n',
      ['2 ann 2026-01-31 1250EUR ~1'],
    ],
    ['tabs', 'user\tdate\tamount_usd\nann\t2026-01-31\t12.50\n', [ann]],
    ['spaces around', ' user , date , amount_usd \n  ann ,2026-01-31 , 12.50\n', [ann]],
    [
      'a first line that names it',
      'sep=;\nuser;date;amount_usd\nann;2026-01-31;12.50\n',
      ['3 ann 2026-01-31 1250USD ~1'],
    ],
    [
      'semicolons, and commas in a name',
      'user;date;amount_usd;city, country\nann;2026-01-31;12.50;Paris, France\n',
      [ann],
    ],
    [
      'another one',
      'user|date|amount_usd\nann|2026-01-31|12.50\n',
      {
        refused:
          'The first line has no comma, semicolon or tab between names of columns: name the separator with --separator',
      },
    ],
    [
      'another one by flag',
      'user|date|amount_usd\nann|2026-01-31|12.50\n',
      [ann],
      { separator: '|' },
    ],
    [
      'one that can be either',
      'a;b,c\n1;2,3\n',
      { refused: 'The separator may be comma or semicolon: name it with --separator' },
    ],
    [
      'too many and too few fields',
      'user,date,amount_usd\nann,2026-01-31,12,50\nbob,2026-01-31\ncid,2026-01-31,1.00\n',
      ['2: 4 fields instead of 3', '3: 2 fields instead of 3', '4 cid 2026-01-31 100USD ~1'],
    ],
    [
      'empty lines and rows of empty cells',
      'user,date,amount_usd\n\nann,2026-01-31,12.50\n,,\n   \nbob,2026-01-31,1.00',
      ['3 ann 2026-01-31 1250USD ~1', '6 bob 2026-01-31 100USD ~1'],
    ],
  ]);
});

describe('quotes', () => {
  runCases([
    ['all fields quoted', '"user","date","amount_usd"\n"ann","2026-01-31","12.50"\n', [ann]],
    [
      'separators, quotes and line breaks within',
      'user,date,amount_usd,note\n"a, ""b""",2026-01-31,"1,234.50","two\nlines"\nbob,2026-01-31,1.00,x\n',
      ['2-3 a, "b" 2026-01-31 123450USD ~1', '4 bob 2026-01-31 100USD ~1'],
    ],
    [
      'a quote within a field',
      'user,date,amount_usd,article\nann,2026-01-31,12.50,12" disc\n',
      [ann],
    ],
    [
      'one that is never closed',
      'user,date,amount_usd\n"bad,2026-01-31,5.00\nok,2026-01-31,100.00\n',
      ['2: a quote is opened and never closed', '3 ok 2026-01-31 10000USD ~1'],
    ],
    [
      'one that is never closed, among quoted lines',
      '"user","date","amount_usd"\n"ann","2026-01-31","12.50\n"bob","2026-01-31","1.00"\n',
      ['2: a quote is opened and never closed', '3 bob 2026-01-31 100USD ~1'],
    ],
    [
      'one that swallows other lines',
      'user,date,amount_usd,note\nann,2026-01-31,12.50,"great\nbob,2026-01-31,7.00,nice"\ncid,2026-01-31,1.00,\n',
      [
        '2-3: a quote is opened in line 2 and closed in line 3, over what looks like other lines',
        '4 cid 2026-01-31 100USD ~1',
      ],
    ],
    [
      'text behind one',
      'user,date,amount_usd\n"ann" b,2026-01-31,12.50\nbob,2026-01-31,1.00\n',
      ['2: a quote is closed before the end of its field', '3 bob 2026-01-31 100USD ~1'],
    ],
    [
      'single ones',
      "'user','date','amount_usd'\n'ann','2026-01-31','12.50'\n",
      {
        refused:
          "The columns are in single quotes, which aren't quotes in CSV: export the file with double quotes",
      },
    ],
    [
      'one in the header',
      '"user,date,amount_usd\nann,2026-01-31,12.50\n',
      {
        refused:
          'The first line has no comma, semicolon or tab between names of columns: name the separator with --separator',
      },
    ],
  ]);
});

describe('encodings', () => {
  const plain = 'user,date,amount_usd\nann,2026-01-31,12.50\nJosé,2026-01-31,1.00\n';
  const lines = [ann, '3 José 2026-01-31 100USD ~1'];
  runCases([
    ['a byte order mark', `\u{FEFF}${plain}`, lines],
    ['UTF-16, little end first', Buffer.from(`\u{FEFF}${plain}`, 'utf16le'), lines],
    ['UTF-16, big end first', Buffer.from(`\u{FEFF}${plain}`, 'utf16le').swap16(), lines],
    ['UTF-16 without a mark', Buffer.from(plain, 'utf16le'), lines],
    ['UTF-16 without a mark, big end first', Buffer.from(plain, 'utf16le').swap16(), lines],
    [
      'Latin-1',
      Buffer.from(plain, 'latin1'),
      [ann, "3: it has bytes that aren't characters: save the file in UTF-8"],
    ],
    [
      'a zip archive, as spreadsheets are',
      Buffer.from('504b0304140000000800', 'hex'),
      {
        refused: expect.stringMatching(
          /odd\.csv isn't text in UTF-8 or UTF-16: export it as CSV in UTF-8$/,
        ),
      },
    ],
    ['lines that end by CR LF', plain.replaceAll('\n', '\r\n'), lines],
    ['lines that end by CR', plain.replaceAll('\n', '\r'), lines],
    [
      'lines that end in all ways',
      'user,date,amount_usd\rann,2026-01-31,12.50\r\nbob,2026-01-31,1.00\ncid,2026-01-31,2.00',
      [ann, '3 bob 2026-01-31 100USD ~1', '4 cid 2026-01-31 200USD ~1'],
    ],
    [
      'escape sequences',
      'user,date,amount_usd\n\u{1b}[31mann,2026-01-31,\u{1b}]0;x\u{7}\n',
      ['2: "\\u{1b}]0;x\\u{7}" is not an amount: write it like 1234.56, without a currency'],
    ],
  ]);
});

function amounts(...texts: string[]): string {
  return ['user;date;amount_usd', ...texts.map((text) => `ann;2026-01-31;${text}`)].join('\n');
}

function minorUnits(...results: string[]): string[] {
  return results.map((result, index) =>
    /^\d+$/.test(result)
      ? `${index + 2} ann 2026-01-31 ${result}USD ~1`
      : `${index + 2}: ${result}`,
  );
}

const notAnAmount = (text: string, sign = '.') =>
  `"${text}" is not an amount: write it like 1234${sign}56, without a currency`;

describe('amounts', () => {
  runCases([
    [
      'a decimal point',
      amounts('1', '12.5', '0.07', '1234.56'),
      minorUnits('100', '1250', '7', '123456'),
    ],
    [
      'a decimal comma',
      amounts('1', '12,5', '0,07', '1234,56'),
      minorUnits('100', '1250', '7', '123456'),
    ],
    ['thousands before a point', amounts('1,234.50', '1,234'), minorUnits('123450', '123400')],
    ['thousands before a comma', amounts('1.234,50', '1.234'), minorUnits('123450', '123400')],
    [
      'thousands by a space',
      amounts('1 234,50', '1\u{202F}234', "1'235"),
      minorUnits('123450', '123400', '123500'),
    ],
    ['thousands as in India', amounts('12,34,567.00'), minorUnits('123456700')],
    [
      'thousands or decimals',
      amounts('5', '1.234'),
      {
        refused:
          '"1.234" in line 3 may have decimals or thousands, and no other amount shows which: say which with --decimal point or --decimal comma',
      },
    ],
    [
      'thousands or decimals, said to be thousands',
      amounts('5', '1.234'),
      minorUnits('500', '123400'),
      { decimal: ',' },
    ],
    [
      'thousands or decimals, said to be decimals',
      amounts('5', '1.234'),
      minorUnits('500', '"1.234" has more decimals than USD (2)'),
      { decimal: '.' },
    ],
    [
      'both decimal signs',
      amounts('12.50', '12,50'),
      {
        refused:
          '"12.50" in line 2 and "12,50" in line 3 have different decimal signs: say which one is right with --decimal',
      },
    ],
    [
      'both decimal signs, settled',
      amounts('12.50', '12,50'),
      minorUnits('1250', notAnAmount('12,50')),
      { decimal: '.' },
    ],
    ['no decimals at all', amounts('1500', '7'), minorUnits('150000', '700')],
    [
      'a currency without decimals',
      'user,date,amount_jpy\nann,2026-01-31,1500\nbob,2026-01-31,1500.00\ncid,2026-01-31,1500.5\n',
      [
        '2 ann 2026-01-31 1500JPY ~1',
        '3 bob 2026-01-31 1500JPY ~1',
        '4: "1500.5" has more decimals than JPY (0)',
      ],
    ],
    [
      'a currency with three decimals',
      'user,date,amount_kwd\nann,2026-01-31,1.234\nbob,2026-01-31,0.5\n',
      ['2 ann 2026-01-31 1234KWD ~1', '3 bob 2026-01-31 500KWD ~1'],
    ],
    [
      'a currency with three decimals, each of them written',
      'user,date,amount_kwd\nann,2026-01-31,1.234\n',
      {
        refused:
          '"1.234" in line 2 may have decimals or thousands, and no other amount shows which: say which with --decimal point or --decimal comma',
      },
    ],
    [
      'beyond what a float can tell apart',
      amounts('90071992547409.91'),
      minorUnits('9007199254740991'),
    ],
    [
      'what is no amount',
      amounts('$5', '1e3', '0x10', '.5', '5.', 'NaN', '', '1.2.3', '--5', '12.345'),
      minorUnits(
        notAnAmount('$5'),
        notAnAmount('1e3'),
        notAnAmount('0x10'),
        notAnAmount('.5'),
        notAnAmount('5.'),
        notAnAmount('NaN'),
        notAnAmount(''),
        notAnAmount('1.2.3'),
        notAnAmount('--5'),
        '"12.345" has more decimals than USD (2)',
      ),
      { decimal: '.' },
    ],
    [
      'zero, and a plus',
      amounts('0', '0.00', '+5.00', '-0.00'),
      [
        '2 ann 2026-01-31 0USD ~1',
        '3 ann 2026-01-31 0USD ~2',
        '4 ann 2026-01-31 500USD ~1',
        '5 ann 2026-01-31 0USD ~3',
      ],
    ],
    [
      'below zero, in all spellings',
      amounts('-5.00', '−5.00', '5.00-', '(5.00)'),
      minorUnits(
        ...Array.from({ length: 4 }, () => 'the amount is negative: import refunds with --refunds'),
      ),
    ],
  ]);
});

function times(...texts: string[]): string {
  return ['user;date;amount_usd', ...texts.map((text) => `ann;${text};1.00`)].join('\n');
}

function instants(...results: string[]): string[] {
  return results.map((result, index) =>
    /^\d{4}-/.test(result) ? `${index + 2} ann ${result} 100USD ~1` : `${index + 2}: ${result}`,
  );
}

describe('times and zones', () => {
  runCases([
    [
      'dates and times',
      times('2026-01-31', '2026-01-31 18:30', '2026-01-31T18:30:15', '2026-01-31 18:30:15.250987'),
      instants(
        '2026-01-31',
        '2026-01-31T18:30:00Z',
        '2026-01-31T18:30:15Z',
        '2026-01-31T18:30:15.250Z',
      ),
    ],
    [
      'zones in the file',
      times(
        '2026-01-31T18:30:00Z',
        '2026-01-31T18:31:00+02:00',
        '2026-01-31 18:32:00-0530',
        '2026-01-31 18:33:00+02',
        '2026-01-31 18:34:00 UTC',
      ),
      instants(
        '2026-01-31T18:30:00Z',
        '2026-01-31T16:31:00Z',
        '2026-02-01T00:02:00Z',
        '2026-01-31T16:33:00Z',
        '2026-01-31T18:34:00Z',
      ),
      { zone: 'Europe/Paris' },
    ],
    [
      'a Saturday west of Greenwich',
      times('2026-01-31', '2026-01-31 20:00'),
      instants('2026-01-31T05:00:00Z', '2026-02-01T01:00:00Z'),
      { zone: 'America/New_York' },
    ],
    [
      'an hour that comes twice',
      times('2026-10-25 02:30'),
      instants('2026-10-25T00:30:00Z'),
      { zone: 'Europe/Paris' },
    ],
    [
      'an hour that is skipped',
      times('2026-03-29 02:30', '2026-03-29 03:10'),
      instants('2026-03-29T01:00:00Z', '2026-03-29T01:10:00Z'),
      { zone: 'Europe/Paris' },
    ],
    [
      'a midnight that is skipped',
      times('2026-09-06'),
      instants('2026-09-06T04:00:00Z'),
      { zone: 'America/Santiago' },
    ],
    [
      'what is not in the calendar',
      times(
        '2026-02-29',
        '2026-13-01',
        '2026-01-31 25:00',
        '2026-01-31T18:30:00+99:99',
        '2024-02-29',
      ),
      instants(
        '"2026-02-29" is not in the calendar',
        '"2026-13-01" is not in the calendar',
        '"2026-01-31 25:00" is not in the calendar',
        '"2026-01-31T18:30:00+99:99" is not in the calendar',
        '2024-02-29',
      ),
    ],
    [
      'what may be a day or a month',
      times('31.01.2026', '01/02/2026', '1769904000', ''),
      instants(
        ...['31.01.2026', '01/02/2026', '1769904000', ''].map(
          (text) => `"${text}" is not a time: write it like 2021-01-31 or 2021-01-31T18:30:00Z`,
        ),
      ),
    ],
  ]);
});

describe('lines without ids', () => {
  runCases([
    [
      'equal ones are numbered as they come',
      'user,date,amount_usd\nann,2026-01-31,12.50\n ann,2026-01-31 00:00,12.5\nann,2026-01-31,12.51\n',
      [ann, '3 ann 2026-01-31 1250USD ~2', '4 ann 2026-01-31 1251USD ~1'],
    ],
    [
      'and those of another quantity are other purchases',
      'user,date,amount_usd,quantity\nann,2026-01-31,5.0,3\nann,2026-01-31,5.0,1\nann,2026-01-31,5.0,2\nann,2026-01-31,5.0,1\n',
      [
        '2 ann 2026-01-31 500USD x3 ~1',
        '3 ann 2026-01-31 500USD x1 ~1',
        '4 ann 2026-01-31 500USD x2 ~1',
        '5 ann 2026-01-31 500USD x1 ~2',
      ],
    ],
    [
      'an amount that no ledger can hold is rejected by itself',
      'order_id,user,date,amount_usd\no1,ann,2026-01-31,90071992547409.91\no2,ann,2026-01-31,90071992547409.92\no3,ann,2026-01-31,100000000000000000.00\no4,ann,2026-01-31,-100000000000000000.00\n',
      [
        '2 ann 2026-01-31 9007199254740991USD #o1',
        '3: "90071992547409.92" is too large: an amount has at most 9007199254740991 minor units',
        '4: "100000000000000000.00" is too large: an amount has at most 9007199254740991 minor units',
        '5: "-100000000000000000.00" is too large: an amount has at most 9007199254740991 minor units',
      ],
    ],
    [
      'a zone makes a time another one',
      'user,date,amount_usd\nann,2026-01-31T00:00:00Z,12.50\nann,2026-01-31,12.50\nann,2026-01-31T01:00:00+01:00,12.50\n',
      [ann, '3 ann 2026-01-31 1250USD ~1', '4 ann 2026-01-31 1250USD ~2'],
    ],
    [
      'a user must be there',
      'user,date,amount_usd\n,2026-01-31,12.50\n"  ",2026-01-31,12.50\n',
      ["2: the user's id is empty", "3: the user's id is empty"],
    ],
  ]);
});

describe('lines with ids', () => {
  const shared = 'other lines have the same id: it is one order over several lines';
  runCases([
    [
      'ids are trimmed, and asked for',
      'order_id,user,date,amount_usd\n o1 ,ann,2026-01-31,12.50\n,bob,2026-01-31,1.00\n',
      ['2 ann 2026-01-31 1250USD #o1', '3: its id is empty'],
    ],
    [
      'an order over several lines',
      'order_id,user,date,amount_usd,sku\no1,ann,2026-01-31,5.00,a\no2,bob,2026-01-31,1.00,a\no1,ann,2026-01-31,5.00,b\n',
      [`2: ${shared}`, '3 bob 2026-01-31 100USD #o2', `4: ${shared}`],
    ],
    [
      'a line twice',
      'order_id,user,date,amount_usd\no1,ann,2026-01-31,12.50\no1,ann,2026-01-31,12.50\n',
      ['2 ann 2026-01-31 1250USD #o1', '3 again'],
    ],
    [
      'a line twice, and another with its id',
      'order_id,user,date,amount_usd\no1,ann,2026-01-31,12.50\no1,ann,2026-01-31,12.50\no1,ann,2026-01-31,1.00\n',
      [`2: ${shared}`, `3: ${shared}`, `4: ${shared}`],
    ],
    [
      'one that can’t be read has an id as well',
      'order_id,user,date,amount_usd\no1,ann,2026-01-31,12.50\no1,ann,2026-01-31,x\n',
      [`2: ${shared}`, `3: ${shared}`],
    ],
    [
      'a bad line twice is bad twice',
      'order_id,user,date,amount_usd\no1,ann,2026-02-30,12.50\no1,ann,2026-02-30,12.50\n',
      ['2: "2026-02-30" is not in the calendar', '3: "2026-02-30" is not in the calendar'],
    ],
  ]);
});

describe('refunds', () => {
  const refunds = { refunds: true };
  const withOwnIds = { refunds: true, columns: { refundOf: 'of' } };
  const negative = 'the amount is negative: import refunds with --refunds';
  const mayBeRefund =
    'other lines have the same id, and there are negative amounts: if these are refunds, import them with --refunds; if not, it is one order over several lines';
  runCases([
    [
      'without their flag, by the id of their purchase',
      'order_id,user,date,amount_usd\no1,ann,2026-01-31,12.50\no1,ann,2026-02-01,(2.50)\no2,ann,2026-02-01,1.00\no2,ann,2026-02-01,2.00\no1,ann,2026-01-31,12.50\n',
      [
        `2: ${mayBeRefund}`,
        `3: ${mayBeRefund}`,
        '4: other lines have the same id: it is one order over several lines',
        '5: other lines have the same id: it is one order over several lines',
        `6: ${mayBeRefund}`,
      ],
    ],
    [
      'are no purchases',
      'order_id,user,date,amount_usd\no1,ann,2026-01-31,12.50\no2,ann,2026-02-01,-2.50\n',
      ['2 ann 2026-01-31 1250USD #o1', `3: ${negative}`],
    ],
    [
      'by the id of their purchase',
      'order_id,user,date,amount_usd\no1,ann,2026-01-31,12.50\no1,ann,2026-02-01,-2.50\no1,ann,2026-02-01,-2.5\no2,ann,2026-02-01,-2.50\n',
      [
        '2 ann 2026-01-31 1250USD #o1',
        '3 ann 2026-02-01 250USD refund of o1 ~1',
        '4 ann 2026-02-01 250USD refund of o1 ~2',
        '5 ann 2026-02-01 250USD refund of o2 ~1',
      ],
      refunds,
    ],
    [
      'with ids of their own',
      'id,of,user,date,amount_usd\no1,,ann,2026-01-31,12.50\nr1,o1,ann,2026-02-01,-2.50\nr2,,ann,2026-02-01,-2.50\no2,o1,ann,2026-02-01,2.50\n',
      [
        '2 ann 2026-01-31 1250USD #o1',
        '3 ann 2026-02-01 250USD refund of o1 #r1',
        '4: the id of the purchase that it refunds is empty',
        "5: it names a purchase that it refunds, but its amount isn't negative",
      ],
      { ...withOwnIds, columns: { refundOf: 'of', transaction: 'id' } },
    ],
    [
      'with the id of another line',
      'id,of,user,date,amount_usd\no1,,ann,2026-01-31,12.50\no1,o1,ann,2026-02-01,-2.50\n',
      [
        '2: other lines have the same id: it is one order over several lines',
        '3: other lines have the same id: it is one order over several lines',
      ],
      { ...withOwnIds, columns: { refundOf: 'of', transaction: 'id' } },
    ],
    [
      'of purchases that were reported otherwise',
      'of,user,date,amount_usd\n,ann,2026-01-31,12.50\nlive-1,ann,2026-02-01,(2.50)\n',
      [ann, '3 ann 2026-02-01 250USD refund of live-1 ~1'],
      withOwnIds,
    ],
    [
      'have no quantity',
      'order_id,user,date,amount_usd,quantity\no1,ann,2026-01-31,12.50,2\no1,ann,2026-02-01,-2.50,-1\n',
      ['2 ann 2026-01-31 1250USD x2 #o1', '3 ann 2026-02-01 250USD refund of o1 ~1'],
      refunds,
    ],
    [
      'of nothing are purchases of nothing',
      'order_id,user,date,amount_usd\no1,ann,2026-01-31,-0.00\n',
      ['2 ann 2026-01-31 0USD #o1'],
      refunds,
    ],
    [
      'need an id',
      'user,date,amount_usd\nann,2026-01-31,-12.50\n',
      {
        refused:
          '--refunds needs the id of each purchase: name its column with --transaction-column, or with --refund-of-column if refunds have their own ids',
      },
      refunds,
    ],
    [
      'are asked for',
      'order_id,of,user,date,amount_usd\no1,,ann,2026-01-31,12.50\n',
      { refused: '--refund-of-column works only with --refunds: give --refunds as well' },
      { columns: { refundOf: 'of' } },
    ],
  ]);
});
