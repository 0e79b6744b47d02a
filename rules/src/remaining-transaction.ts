import { create } from '@bufbuild/protobuf';
import { MoneySchema } from '@loyalty/proto/loyalty/programs/v1/money_pb.ts';
import {
  TransactionItemSchema,
  TransactionSchema,
} from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { moneyText } from './decimal.ts';
import {
  compare,
  divide,
  type Fraction,
  floor,
  fraction,
  isPositive,
  multiply,
  smaller,
  subtract,
  whole,
  ZERO,
} from './fraction.ts';
import type { Money, Transaction } from './language.ts';

/** What refunds left of a transaction. Amounts are exact, in minor units. */
export interface Remaining {
  readonly amount: Fraction;
  /** By item id. */
  readonly items: ReadonlyMap<string, RemainingItem>;
  /** Whether everything was given back: such a transaction is worth no points. */
  readonly nothing: boolean;
}

export interface RemainingItem {
  readonly quantity: bigint;
  readonly amount: Fraction;
}

/** What a refund gives back: everything, an amount, or units of items. */
export type RefundPart =
  | { readonly kind: 'FULL' }
  | { readonly kind: 'AMOUNT'; readonly amount: Money }
  | { readonly kind: 'ITEMS'; readonly items: readonly ItemUnits[] };

export interface ItemUnits {
  readonly itemId: string;
  readonly quantity: number;
}

/** Why a refund can't be of its transaction: it is more than is left, or of something else. */
export interface RefundFault {
  readonly fault: 'EXCEEDS_TRANSACTION' | 'NOT_OF_TRANSACTION';
  readonly message: string;
}

/** A transaction that nothing was given back of. */
export function wholeTransaction({ amount, items }: Transaction): Remaining {
  return {
    amount: whole(amount?.minorUnits ?? 0n),
    items: new Map(
      items.map((item) => [
        item.itemId,
        { quantity: BigInt(item.quantity), amount: whole(item.amount?.minorUnits ?? 0n) },
      ]),
    ),
    nothing: false,
  };
}

/**
 * What one more refund leaves. An amount shrinks all items pro rata and leaves their quantities; units of an item
 * take their share of its amount off both. Whichever way is taken, the last money given back leaves nothing.
 */
export function afterRefund(
  transaction: Transaction,
  left: Remaining,
  part: RefundPart,
): Remaining | RefundFault {
  switch (part.kind) {
    case 'FULL':
      return nothingLeft(left);
    case 'AMOUNT':
      return afterAmount(transaction, left, part.amount);
    case 'ITEMS':
      return part.items.reduce<Remaining | RefundFault>(
        (rest, units) => ('fault' in rest ? rest : afterUnits(transaction, rest, units)),
        left,
      );
  }
}

/** The transaction as conditions see it after refunds: amounts rounded down to whole minor units. */
export function transactionLeft(transaction: Transaction, left: Remaining): Transaction {
  const currencyCode = transaction.amount?.currencyCode ?? '';
  const money = (amount: Fraction) =>
    create(MoneySchema, { currencyCode, minorUnits: floor(amount) });
  return create(TransactionSchema, {
    ...transaction,
    amount: money(left.amount),
    items: transaction.items.flatMap((item) => {
      const rest = left.items.get(item.itemId);
      if (rest === undefined || rest.quantity === 0n) return [];
      const quantity = Number(rest.quantity);
      return [create(TransactionItemSchema, { ...item, quantity, amount: money(rest.amount) })];
    }),
  });
}

function afterAmount(transaction: Transaction, left: Remaining, refund: Money) {
  const currencyCode = transaction.amount?.currencyCode ?? '';
  if (refund.currencyCode !== currencyCode) {
    return fault(
      'NOT_OF_TRANSACTION',
      `the refund is in ${refund.currencyCode}, the transaction in ${currencyCode}`,
    );
  }
  const amount = whole(refund.minorUnits);
  if (compare(amount, left.amount) > 0) {
    const [asked, rest] = [amount, left.amount].map((money) => moneyText(money, currencyCode));
    return fault('EXCEEDS_TRANSACTION', `${asked} is more than the ${rest} that are left`);
  }
  if (!isPositive(amount)) return left;
  const rest = subtract(left.amount, amount);
  if (!isPositive(rest)) return nothingLeft(left);
  const share = divide(rest, left.amount);
  const items = new Map(
    Array.from(left.items, ([id, item]) => [
      id,
      { quantity: item.quantity, amount: multiply(item.amount, share) },
    ]),
  );
  return { amount: rest, items, nothing: false };
}

function afterUnits(transaction: Transaction, left: Remaining, { itemId, quantity }: ItemUnits) {
  const item = left.items.get(itemId);
  if (item === undefined) {
    return fault('NOT_OF_TRANSACTION', `the transaction has no item ${itemId}`);
  }
  const units = BigInt(quantity);
  if (units > item.quantity) {
    return fault(
      'EXCEEDS_TRANSACTION',
      `${quantity} units of item ${itemId} are more than the ${item.quantity} that are left`,
    );
  }
  if (units === 0n) return left;
  const share = multiply(item.amount, fraction(units, item.quantity));
  // Items need not sum to the amount: an order's discount can make them worth more than was paid.
  const amount = subtract(left.amount, smaller(share, left.amount));
  const items = new Map(left.items).set(itemId, {
    quantity: item.quantity - units,
    amount: subtract(item.amount, share),
  });
  const paid = (transaction.amount?.minorUnits ?? 0n) > 0n;
  const gone = paid
    ? !isPositive(amount)
    : [...items.values()].every((rest) => rest.quantity === 0n);
  return gone ? nothingLeft(left) : { amount, items, nothing: false };
}

function nothingLeft(left: Remaining): Remaining {
  const items = new Map(
    Array.from(left.items.keys(), (id) => [id, { quantity: 0n, amount: ZERO }]),
  );
  return { amount: ZERO, items, nothing: true };
}

function fault(kind: RefundFault['fault'], message: string): RefundFault {
  return { fault: kind, message };
}
