import { create } from '@bufbuild/protobuf';
import { MoneySchema } from '@loyalty/proto/loyalty/programs/v1/money_pb.ts';
import {
  TransactionItemSchema,
  TransactionSchema,
} from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { countedAmounts } from './counted-amounts.ts';
import { moneyText } from './decimal.ts';
import {
  ceiling,
  compare,
  divide,
  type Fraction,
  floor,
  fraction,
  isPositive,
  multiply,
  ONE,
  smaller,
  subtract,
  sumOf,
  whole,
  ZERO,
} from './fraction.ts';
import type { Purchase, PurchaseItem } from './language.ts';
import type { Money } from './money.ts';

/** What refunds left of a purchase. Amounts are exact, in minor units. */
export interface Remaining {
  /** What is left of the amount: of the rest and of the items together. */
  readonly amount: Fraction;
  /** What is left of what belongs to no item. */
  readonly rest: Fraction;
  /** In the purchase's order, including those without units. */
  readonly items: readonly RemainingItem[];
  /** Whether the purchase was fully returned: it is worth no points, even where units of a free gift remain. */
  readonly fullyReturned: boolean;
}

export interface RemainingItem {
  readonly quantity: bigint;
  /** What its units count together. */
  readonly amount: Fraction;
}

/** What a refund gives back: everything, an amount, or units of items, each item named once. */
export type RefundPart =
  | { readonly kind: 'FULL' }
  | { readonly kind: 'AMOUNT'; readonly amount: Money }
  | { readonly kind: 'ITEMS'; readonly items: readonly ItemUnits[] };

export interface ItemUnits {
  readonly itemId: string;
  readonly quantity: number;
}

/** Why a refund doesn't fit its purchase: it is more than is left, or in another currency. */
export interface RefundFault {
  readonly fault: 'EXCEEDS_TRANSACTION' | 'OTHER_CURRENCY';
  readonly message: string;
}

/** A purchase without refunds. */
export function wholePurchase(purchase: Purchase): Remaining {
  const { items, rest } = countedAmounts(purchase);
  return {
    amount: whole(purchase.amount?.minorUnits ?? 0n),
    rest,
    items: purchase.items.map(({ quantity }, index) => ({
      quantity: BigInt(quantity),
      amount: items[index] ?? ZERO,
    })),
    fullyReturned: false,
  };
}

/**
 * What one more refund leaves. An amount comes off what belongs to no item first, then off the items pro rata, and leaves
 * their units; units of an item take their part of what the item counts by now.
 */
export function afterRefund(
  purchase: Purchase,
  left: Remaining,
  part: RefundPart,
): Remaining | RefundFault {
  switch (part.kind) {
    case 'FULL':
      return {
        amount: ZERO,
        rest: ZERO,
        items: left.items.map(() => ({ quantity: 0n, amount: ZERO })),
        fullyReturned: true,
      };
    case 'AMOUNT':
      return afterAmount(purchase, left, part.amount);
    case 'ITEMS':
      return afterItems(purchase, left, part.items);
    default:
      return part satisfies never;
  }
}

/**
 * The purchase as conditions see it after refunds: items with units left, each amount as sent reduced as what it counts
 * was, rounded down to whole minor units.
 */
export function purchaseLeft(purchase: Purchase, left: Remaining): Purchase {
  const currencyCode = purchase.amount?.currencyCode ?? '';
  const counted = countedAmounts(purchase);
  const money = (amount: Fraction) =>
    create(MoneySchema, { currencyCode, minorUnits: floor(amount) });
  return create(TransactionSchema, {
    ...purchase,
    amount: money(left.amount),
    items: purchase.items.flatMap((item, index) => {
      const rest = left.items[index];
      if (rest === undefined || rest.quantity === 0n) return [];
      const part = partLeft(rest, { item, counted: counted.items[index] ?? ZERO });
      const amount = multiply(whole(item.amount?.minorUnits ?? 0n), part);
      return [
        create(TransactionItemSchema, {
          ...item,
          quantity: Number(rest.quantity),
          amount: money(amount),
        }),
      ];
    }),
  });
}

/** How much of an item is left, from 0 to 1: of what it counted or, where that was nothing, of its units. */
function partLeft(
  rest: RemainingItem,
  { item, counted }: { item: PurchaseItem; counted: Fraction },
): Fraction {
  return isPositive(counted)
    ? divide(rest.amount, counted)
    : fraction(rest.quantity, BigInt(item.quantity));
}

function afterAmount(
  purchase: Purchase,
  left: Remaining,
  { currencyCode, minorUnits }: Money,
): Remaining | RefundFault {
  const ownCurrency = purchase.amount?.currencyCode ?? '';
  if (currencyCode !== ownCurrency) {
    return {
      fault: 'OTHER_CURRENCY',
      message: `must be ${ownCurrency}, the transaction's currency`,
    };
  }
  if (minorUnits <= 0n) return left;
  // Shops pay out whole minor units, where fractions of them may be left.
  const most = ceiling(left.amount);
  if (minorUnits > most) {
    const [asked, rest] = [minorUnits, most].map((money) => moneyText(whole(money), currencyCode));
    return exceeds(`${asked} is more than the ${rest} that are left`);
  }
  const refund = whole(minorUnits);
  const amount = subtract(left.amount, refund);
  if (compare(amount, ONE) < 0) return withoutAmount(left);
  const rest = subtract(left.rest, smaller(refund, left.rest));
  const ofItems = subtract(left.amount, left.rest);
  const part = isPositive(ofItems) ? divide(subtract(amount, rest), ofItems) : ONE;
  return {
    amount,
    rest,
    items: left.items.map((item) => ({ ...item, amount: multiply(item.amount, part) })),
    fullyReturned: left.fullyReturned,
  };
}

function withoutAmount(left: Remaining): Remaining {
  return {
    amount: ZERO,
    rest: ZERO,
    items: left.items.map(({ quantity }) => ({ quantity, amount: ZERO })),
    fullyReturned: true,
  };
}

function afterItems(
  purchase: Purchase,
  left: Remaining,
  returned: readonly ItemUnits[],
): Remaining | RefundFault {
  const items = [...left.items];
  for (const { itemId, quantity } of returned) {
    const index = purchase.items.findIndex((item) => item.itemId === itemId);
    const item = items[index];
    if (item === undefined) return exceeds(`The transaction has no item ${itemId}`);
    const units = BigInt(quantity);
    if (units > item.quantity) {
      return exceeds(
        `${units} units of item ${itemId} are more than the ${item.quantity} that are left`,
      );
    }
    const kept = item.quantity - units;
    if (item.quantity > 0n) {
      const amount = multiply(item.amount, fraction(kept, item.quantity));
      items[index] = { quantity: kept, amount };
    }
  }
  const amount = sumOf([left.rest, ...items.map((item) => item.amount)]);
  return {
    amount,
    rest: left.rest,
    items,
    fullyReturned: left.fullyReturned || leavesNothing(purchase, { amount, items }),
  };
}

/** Whether no money is left of a purchase that cost some, or no unit of one whose items counted all that it cost. */
function leavesNothing(
  purchase: Purchase,
  { amount, items }: Pick<Remaining, 'amount' | 'items'>,
): boolean {
  if (isPositive(amount)) return false;
  if ((purchase.amount?.minorUnits ?? 0n) > 0n) return true;
  return items.length > 0 && items.every(({ quantity }) => quantity === 0n);
}

function exceeds(message: string): RefundFault {
  return { fault: 'EXCEEDS_TRANSACTION', message };
}
