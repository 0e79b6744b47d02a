import { isCurrency } from '@loyalty/rules/decimal.ts';
import { quoted } from '../printable.ts';
import { isNegative, parseAmount } from './amount.ts';
import type { DecimalSign } from './decimal-sign.ts';
import { LineProblem } from './line-problem.ts';
import type { PurchaseColumns, PurchaseRole } from './purchase-columns.ts';
import { parseTime, type WrittenTime } from './written-time.ts';

/** What has been decided for the whole file. */
export interface PurchaseReading {
  readonly columns: PurchaseColumns;
  /** Undefined where no amount has one. */
  readonly decimal: DecimalSign | undefined;
  /** Whether negative amounts are refunds; they are no purchases in any case. */
  readonly refunds: boolean;
}

/** What a line says. */
export interface PurchaseLine {
  readonly userId: string;
  readonly time: WrittenTime;
  readonly currencyCode: string;
  /** What was paid, or what is refunded: never negative. */
  readonly minorUnits: bigint;
  /** Undefined where no column has it, and for a refund. */
  readonly quantity: number | undefined;
  /** The line's own id; undefined where its content identifies it. */
  readonly id: string | undefined;
  /** The id of the purchase that is refunded; undefined for a purchase. */
  readonly refundOf: string | undefined;
}

/** @throws {LineProblem} saying what is wrong with it */
export function readPurchaseLine(
  fields: readonly string[],
  reading: PurchaseReading,
): PurchaseLine {
  const { positions } = reading.columns;
  const field = (role: PurchaseRole) => fieldAt(fields, positions[role]);
  const userId = field('user');
  if (userId === '') throw new LineProblem("the user's id is empty");
  const time = parseTime(field('time'));
  const currencyCode = currencyOf(fields, reading.columns);
  const minorUnits = parseAmount(field('amount'), { decimal: reading.decimal, currencyCode });
  const common = { userId, time, currencyCode };
  if (minorUnits < 0n) {
    return { ...common, minorUnits: -minorUnits, ...readRefund(fields, reading) };
  }
  if (field('refundOf') !== '') {
    throw new LineProblem("it names a purchase that it refunds, but its amount isn't negative");
  }
  return {
    ...common,
    minorUnits,
    quantity: positions.quantity === undefined ? undefined : parseQuantity(field('quantity')),
    id: idAt(fields, positions.transaction),
    refundOf: undefined,
  };
}

/**
 * The id by which a line is compared with others, before anything else of it is read; undefined where it has none of its
 * own.
 */
export function ownIdOf(
  fields: readonly string[],
  { columns: { positions }, refunds }: PurchaseReading,
): string | undefined {
  if (positions.transaction === undefined) return undefined;
  // If a refund has no id, the column has the id of its purchase.
  const isRefund = refunds && isNegative(fieldAt(fields, positions.amount));
  if (isRefund && positions.refundOf === undefined) return undefined;
  return fieldAt(fields, positions.transaction) || undefined;
}

function readRefund(
  fields: readonly string[],
  { columns: { positions }, refunds }: PurchaseReading,
): Pick<PurchaseLine, 'quantity' | 'id' | 'refundOf'> {
  if (!refunds) {
    throw new LineProblem('the amount is negative: import refunds with --refunds');
  }
  const hasOwnId = positions.refundOf !== undefined && positions.transaction !== undefined;
  const refundOf = fieldAt(fields, positions.refundOf ?? positions.transaction);
  if (refundOf === '') throw new LineProblem('the id of the purchase that it refunds is empty');
  return {
    quantity: undefined,
    id: hasOwnId ? idAt(fields, positions.transaction) : undefined,
    refundOf,
  };
}

function fieldAt(fields: readonly string[], position: number | undefined): string {
  return position === undefined ? '' : (fields[position] ?? '');
}

/** Undefined where the file has no column for it. An empty one can't fall back on the content: it may be filled in later. */
function idAt(fields: readonly string[], position: number | undefined): string | undefined {
  if (position === undefined) return undefined;
  const id = fieldAt(fields, position);
  if (id === '') throw new LineProblem('its id is empty');
  return id;
}

function currencyOf(fields: readonly string[], { currency }: PurchaseColumns): string {
  if ('code' in currency) {
    refuseOtherCurrency(fields, currency);
    return currency.code;
  }
  const text = fieldAt(fields, currency.column);
  const code = text.toUpperCase();
  if (!isCurrency(code)) {
    throw new LineProblem(`${quoted(text)} is not a currency of ISO 4217, such as USD`);
  }
  return code;
}

function refuseOtherCurrency(
  fields: readonly string[],
  { code, alsoIn }: { code: string; alsoIn: readonly number[] },
): void {
  for (const column of alsoIn) {
    const text = fieldAt(fields, column);
    if (text !== '' && text.toUpperCase() !== code) {
      throw new LineProblem(
        `its currency is ${quoted(text)}, but --currency says ${code}: correct the line, or leave out the flag`,
      );
    }
  }
}

function parseQuantity(text: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new LineProblem(`${quoted(text)} is not a quantity: write it like 3`);
  }
  return Number(text);
}
