/** What a line of the file tells, and by what names files tell it. The first name that a header has is taken. */
const customaryNames = {
  user: ['user_id', 'user', 'member_id', 'member', 'customer_id', 'customer'],
  time: ['occur_time', 'purchase_time', 'purchase_date', 'time', 'timestamp', 'date', 'created_at'],
  amount: ['amount', 'total', 'price'],
  quantity: ['quantity', 'qty', 'units'],
} as const;

export interface ColumnFlags {
  userColumn?: string;
  timeColumn?: string;
  amountColumn?: string;
  quantityColumn?: string;
  transactionColumn?: string;
  /** ISO 4217 code of all amounts. */
  currency?: string;
}

/** Positions of the fields in a line, from 0. */
export interface Columns {
  count: number;
  user: number;
  time: number;
  amount: number;
  quantity: number | undefined;
  transaction: number | undefined;
  /** ISO 4217 code. */
  currency: string;
}

/** Thrown when the file as a whole can't be imported; the message names the fix. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused';
}

/**
 * Decides by the file's first line which field is which. Names are compared without regard to case; a name that a
 * flag gives must be there. An amount's column may have the currency in its name: `amount_usd`.
 *
 * @throws {FileRefused} naming the flag that helps
 */
export function chooseColumns(header: readonly string[], flags: ColumnFlags): Columns {
  const names = header.map((name) => name.toLowerCase());
  const position = (name: string) => names.indexOf(name.toLowerCase());
  const refuse = (problem: string) =>
    new FileRefused(`${problem}. The file's first line has: ${header.join(', ')}`);

  const choose = (flag: string, named: string | undefined, customary: readonly string[]) => {
    if (named === undefined) return customary.map(position).find((index) => index >= 0);
    if (position(named) < 0) throw refuse(`${flag} names the column "${named}", which isn't there`);
    return position(named);
  };
  const demand = (flag: string, named: string | undefined, customary: readonly string[]) => {
    const index = choose(flag, named, customary);
    if (index === undefined) throw refuse(`No column is known by its name: give ${flag}`);
    return index;
  };

  const amountNames = [...customaryNames.amount, ...names.filter((name) => currencyIn(name))];
  const amount = demand('--amount-column', flags.amountColumn, amountNames);
  return {
    count: header.length,
    user: demand('--user-column', flags.userColumn, customaryNames.user),
    time: demand('--time-column', flags.timeColumn, customaryNames.time),
    amount,
    quantity: choose('--quantity-column', flags.quantityColumn, customaryNames.quantity),
    transaction: choose('--transaction-column', flags.transactionColumn, []),
    currency: flags.currency ?? currencyIn(names[amount] ?? '') ?? 'USD',
  };
}

const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/** The currency that a column's name such as `amount_usd` ends with. */
function currencyIn(name: string): string | undefined {
  const code = /^(?:amount|total|price)_([a-z]{3})$/.exec(name)?.[1]?.toUpperCase();
  return code !== undefined && currencies.has(code) ? code : undefined;
}
