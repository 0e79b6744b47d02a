import type { ZoneClock } from '@loyalty/rules/zone-clock.ts';
import { FileRefused } from '../csv/file-refused.ts';
import { separatorName } from '../csv/separator.ts';
import { openTable, type Table } from '../csv/table.ts';
import { printable } from '../printable.ts';
import type { Progress } from '../progress.ts';
import { isNegative } from './amount.ts';
import { isKnownAs, unusedColumns } from './columns.ts';
import { type DecimalSign, DecimalSigns } from './decimal-sign.ts';
import { type IdentifiedLines, identifyLines, type LineKind } from './identified-lines.ts';
import {
  choosePurchaseColumns,
  type PurchaseColumnFlags,
  type PurchaseColumns,
  type PurchaseRole,
  purchaseRoles,
} from './purchase-columns.ts';
import {
  ownIdOf,
  type PurchaseLine,
  type PurchaseReading,
  readPurchaseLine,
} from './purchase-line.ts';
import { startReading } from './reading-progress.ts';
import { parseTime, timeIdentity } from './written-time.ts';

export interface PurchaseFileFlags extends PurchaseColumnFlags {
  /** One character; recognized where undefined. */
  readonly separator?: string | undefined;
  /** Decided by the amounts where undefined. */
  readonly decimal?: DecimalSign | undefined;
  /** Whether negative amounts are refunds. */
  readonly refunds: boolean;
  readonly progress: Progress;
}

/** A file of purchases that has been analyzed but not sent to the ledger. */
export interface PurchaseFile {
  readonly table: Table;
  readonly reading: PurchaseReading;
  readonly lines: IdentifiedLines<PurchaseLine>;
}

/**
 * Reads the file as often as it takes to know what its columns are, which sign its decimals have and what the id of each
 * line is. Nothing is guessed: what is ambiguous is refused, naming the flag that decides it.
 *
 * @throws {FileRefused}
 */
export async function openPurchaseFile(
  path: string,
  flags: PurchaseFileFlags,
): Promise<PurchaseFile> {
  const table = await openTable(path, { separator: flags.separator, countKnown });
  const columns = choosePurchaseColumns(table.header, flags);
  requireIdsOfRefunds(columns, flags);
  const { positions } = columns;
  const looksWhole = (fields: readonly string[]) => isTime(fields[positions.time ?? 0] ?? '');
  const survey = startReading(flags.progress, table);
  try {
    const rows = () => table.rows({ looksWhole, onRead: survey.onRead });
    const reading: PurchaseReading = {
      columns,
      decimal: flags.decimal ?? (await decideDecimal(rows, positions.amount ?? 0)),
      refunds: flags.refunds,
    };
    return { table, reading, lines: await identifyLines(rows, purchaseKind(reading), table.file) };
  } finally {
    survey.end();
  }
}

function countKnown(header: readonly string[]): number {
  const roles = Object.values(purchaseRoles);
  return header.filter((name) => roles.some((role) => isKnownAs(role, name))).length;
}

function requireIdsOfRefunds({ positions }: PurchaseColumns, { refunds }: PurchaseFileFlags): void {
  const hasId = positions.refundOf !== undefined || positions.transaction !== undefined;
  if (refunds && !hasId) {
    throw new FileRefused(
      '--refunds needs the id of each purchase: name its column with --transaction-column, or with --refund-of-column if refunds have their own ids',
    );
  }
  if (!refunds && positions.refundOf !== undefined) {
    throw new FileRefused('--refund-of-column works only with --refunds: give --refunds as well');
  }
}

function isTime(text: string): boolean {
  try {
    parseTime(text);
    return true;
  } catch {
    return false;
  }
}

async function decideDecimal(
  rows: Table['rows'],
  amountColumn: number,
): Promise<DecimalSign | undefined> {
  const signs = new DecimalSigns();
  for await (const some of rows()) {
    for (const { line, fields, problem } of some) {
      if (problem === undefined) signs.see(fields[amountColumn] ?? '', line);
    }
  }
  return signs.decide();
}

function purchaseKind(reading: PurchaseReading): LineKind<PurchaseLine> {
  const { positions } = reading.columns;
  const hasOwnIds = positions.transaction !== undefined;
  const hasContentIds = !hasOwnIds || (reading.refunds && positions.refundOf === undefined);
  return {
    read: (fields) => readPurchaseLine(fields, reading),
    conflictProblem: 'other lines have the same id: it is one order over several lines',
    refundConflictProblem:
      'other lines have the same id, and there are negative amounts: if these are refunds, import them with --refunds; if not, it is one order over several lines',
    ...(hasOwnIds && {
      // All of the line: what isn't read may be what makes it another one, such as an article's number.
      ownIdOf(fields) {
        const id = ownIdOf(fields, reading);
        if (id === undefined) return undefined;
        const mayBeRefund = !reading.refunds && isNegative(fields[positions.amount ?? 0] ?? '');
        return { id, content: fields, mayBeRefund };
      },
    }),
    ...(hasContentIds && { contentOf }),
    idOf: ({ id }, fromContent) => id ?? fromContent ?? '',
  };
}

function contentOf(line: PurchaseLine): readonly string[] | undefined {
  if (line.id !== undefined) return undefined;
  const { userId, time, minorUnits, currencyCode, quantity, refundOf } = line;
  return [
    userId,
    timeIdentity(time),
    String(minorUnits),
    currencyCode,
    // Were equal lines numbered by their quantity instead, one that is added or taken out would shift the others' numbers.
    ...(quantity === undefined ? [] : [`x${quantity}`]),
    ...(refundOf === undefined ? [] : [refundOf]),
  ];
}

/** What was decided about the file, for a person who compares it with the file. */
export function describePurchaseFile({ table, reading }: PurchaseFile, clock: ZoneClock): string {
  const { positions, currency } = reading.columns;
  const nameOf = (role: PurchaseRole) => {
    const position = positions[role];
    return position === undefined ? undefined : printable(table.header[position] ?? '');
  };
  const decimals = { '.': '; decimals follow a point', ',': '; decimals follow a comma' } as const;
  const alsoIn = 'code' in currency ? currency.alsoIn : [];
  const used = new Set([...Object.values(positions), ...alsoIn]);
  const { unused, ids } = unusedColumns(table.header, used);
  const facts: [string, string | undefined][] = [
    ['user', nameOf('user')],
    ['time', `${nameOf('time')}; in ${clock.timeZone} if it has no zone`],
    [
      'amount',
      `${nameOf('amount')}${'code' in currency ? `, in ${currency.code}` : ''}${reading.decimal ? decimals[reading.decimal] : ''}`,
    ],
    ['currency', nameOf('currency')],
    ...alsoIn.map((column): [string, string] => [
      'currency',
      `${printable(table.header[column] ?? '')}, where other currencies are rejected`,
    ]),
    ['quantity', nameOf('quantity')],
    ['id', nameOf('transaction') ?? 'no column: a line is identified by its content'],
    ['refund of', nameOf('refundOf')],
    ['ignored', unused.map(printable).join(', ') || undefined],
  ];
  const mayBeId = positions.transaction === undefined ? ids.map(printable) : [];
  const encoding = table.file.encoding === 'utf-8' ? 'UTF-8' : 'UTF-16';
  return [
    `${printable(table.file.path)}: ${encoding}, separator ${separatorName(table.separator)}`,
    ...facts.flatMap(([name, value]) =>
      value === undefined ? [] : [`  ${name.padEnd(9)}  ${value}`],
    ),
    ...mayBeId.map(
      (name) => `If ${name} identifies a purchase, name it with --transaction-column.`,
    ),
  ].join('\n');
}
