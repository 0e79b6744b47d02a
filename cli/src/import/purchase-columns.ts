import { isCurrency } from '@loyalty/rules/decimal.ts';
import { FileRefused } from '../csv/file-refused.ts';
import { quoted } from '../printable.ts';
import { type Columns, chooseColumns, knownColumns, normalName, type Role } from './columns.ts';

export const userRole: Role = {
  flag: '--user-column',
  what: "the user's id",
  names: ['user_id', 'user', 'member_id', 'member', 'customer_id', 'customer'],
  isRequired: true,
};

export const purchaseRoles = {
  user: userRole,
  time: {
    flag: '--time-column',
    what: 'the time of the purchase',
    names: [
      'occur_time',
      'purchase_time',
      'purchase_date',
      'transaction_time',
      'transaction_date',
      'order_time',
      'order_date',
      'time',
      'timestamp',
      'datetime',
      'date',
      'created_at',
    ],
    isRequired: true,
  },
  amount: {
    flag: '--amount-column',
    what: 'the amount',
    names: ['amount', 'total', 'price'],
    pattern: {
      test: (name) => currencyInName(name) !== undefined,
      example: 'and these with a currency, such as amount_usd',
    },
    isRequired: true,
  },
  currency: {
    flag: '--currency-column',
    what: 'the currency',
    names: ['currency', 'currency_code'],
    isRequired: false,
  },
  transaction: {
    flag: '--transaction-column',
    what: "the purchase's id",
    names: [
      'transaction_id',
      'transaction_number',
      'order_id',
      'order_number',
      'order_no',
      'purchase_id',
      'receipt_id',
      'receipt_number',
      'receipt_no',
      'invoice_id',
      'invoice_number',
      'invoice_no',
    ],
    isRequired: false,
  },
  quantity: {
    flag: '--quantity-column',
    what: 'the number of units',
    names: ['quantity', 'qty', 'units'],
    isRequired: false,
  },
  refundOf: {
    flag: '--refund-of-column',
    what: 'the id of the purchase that a refund is of',
    names: [],
    isRequired: false,
  },
} as const satisfies Record<string, Role>;

export type PurchaseRole = keyof typeof purchaseRoles;

/** Where an amount's currency is written: in a column, or nowhere because it is always the same. */
export type CurrencySource =
  | { readonly column: number }
  | {
      readonly code: string;
      /** Columns that may say it as well, and must not say another. */
      readonly alsoIn: readonly number[];
    };

export interface PurchaseColumns {
  readonly positions: Columns<PurchaseRole>;
  readonly currency: CurrencySource;
}

export interface PurchaseColumnFlags {
  readonly columns: Readonly<Partial<Record<PurchaseRole, string>>>;
  /** ISO 4217 code of all amounts. */
  readonly currency?: string | undefined;
}

/**
 * Decides which column says what, and where the currency is written.
 *
 * @throws {FileRefused} naming the flag that decides it
 */
export function choosePurchaseColumns(
  header: readonly string[],
  { columns: named, currency }: PurchaseColumnFlags,
): PurchaseColumns {
  if (currency !== undefined) {
    if (named.currency !== undefined) {
      throw new FileRefused('--currency and --currency-column say the same: give one of them');
    }
    const { currency: _, ...roles } = purchaseRoles;
    const chosen = chooseColumns<Exclude<PurchaseRole, 'currency'>>(header, roles, named);
    refuseOtherCurrency(header[chosen.amount ?? -1] ?? '', currency);
    const used = new Set(Object.values<number | undefined>(chosen));
    const alsoIn = knownColumns(header, purchaseRoles.currency).filter((at) => !used.has(at));
    return {
      positions: { ...chosen, currency: undefined },
      currency: { code: currency, alsoIn },
    };
  }
  const positions = chooseColumns(header, purchaseRoles, named);
  const amountName = header[positions.amount ?? -1] ?? '';
  return {
    positions,
    currency: currencySource({
      amountName,
      column: positions.currency,
      columnName: header[positions.currency ?? -1] ?? '',
      isNamed: named.currency !== undefined,
    }),
  };
}

function refuseOtherCurrency(amountName: string, currency: string): void {
  const code = currencyAtEnd(normalName(amountName));
  if (code === undefined || code === currency) return;
  throw new FileRefused(
    `The name of the column ${quoted(amountName)} says ${code}, but --currency says ${currency}: correct the flag, or rename the column`,
  );
}

function currencySource(found: {
  amountName: string;
  column: number | undefined;
  columnName: string;
  isNamed: boolean;
}): CurrencySource {
  const { amountName, column, columnName } = found;
  const code = currencyInName(normalName(amountName));
  if (column !== undefined && (code === undefined || found.isNamed)) return { column };
  if (column !== undefined) {
    throw new FileRefused(
      `The currency may be ${code}, as the name of the column ${quoted(amountName)} says, or be in the column ${quoted(columnName)}: choose with --currency or --currency-column`,
    );
  }
  if (code !== undefined) return { code, alsoIn: [] };
  throw new FileRefused(
    `Nothing says which currency the column ${quoted(amountName)} is in: name it with --currency, or its column with --currency-column`,
  );
}

/** The currency that a column is known to be an amount in: USD for `amount_usd`. */
function currencyInName(name: string): string | undefined {
  return /^(?:amount|total|price)_[a-z]{3}$/.test(name) ? currencyAtEnd(name) : undefined;
}

/** The currency that is the last word of a name. */
function currencyAtEnd(name: string): string | undefined {
  const code = /(?:^|_)([a-z]{3})$/.exec(name)?.[1]?.toUpperCase();
  return code !== undefined && isCurrency(code) ? code : undefined;
}
