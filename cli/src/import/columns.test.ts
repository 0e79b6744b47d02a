import { describe, expect, test } from '@jest/globals';
import { describeRoles, normalName, unusedColumns } from './columns.ts';
import { choosePurchaseColumns, purchaseRoles } from './purchase-columns.ts';

test.each([
  ['Order ID', 'order_id'],
  ['orderId', 'order_id'],
  ['ORDER-ID', 'order_id'],
  [' order  id ', 'order_id'],
  ['Total (USD)', 'total_usd'],
  ['Größe'.normalize('NFD'), 'größe'],
  ['line2Total', 'line2_total'],
])('the column %j is known as %s', (name, normal) => {
  expect(normalName(name)).toBe(normal);
});

describe('every role', () => {
  const names = Object.values(purchaseRoles).flatMap((role) => [...role.names]);

  test('is known by names that are those of no other', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(names.map(normalName)).toEqual(names);
  });

  test('is in the table that --help prints, with its flag and its names', () => {
    const table = describeRoles(purchaseRoles);
    for (const { flag, what } of Object.values(purchaseRoles)) {
      expect(table).toMatch(new RegExp(`^  ${what}( \\(optional\\))? +${flag}$`, 'm'));
    }
    const words = new Set(table.split(/[\s,]+/));
    expect(names.filter((name) => !words.has(name))).toEqual([]);
    expect(Math.max(...table.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100);
  });
});

describe('a flag', () => {
  const header = ['who', '2', 'paid', 'when'];
  const flags = { currency: 'USD', columns: { user: 'Who', amount: 'paid', time: '4' } };

  test('names a column in any spelling, or by its number', () => {
    expect(choosePurchaseColumns(header, flags).positions).toMatchObject({
      user: 0,
      amount: 2,
      time: 3,
      transaction: undefined,
    });
  });

  test('means the column that is called like a number before the one that has it', () => {
    const { positions } = choosePurchaseColumns(header, {
      ...flags,
      columns: { ...flags.columns, quantity: '2' },
    });
    expect(positions.quantity).toBe(1);
  });

  test.each(['0', '5', '-1', 'payer'])(
    'for the column %s, which is not there, is refused',
    (user) => {
      const choose = () =>
        choosePurchaseColumns(header, { ...flags, columns: { ...flags.columns, user } });
      expect(choose).toThrow(`--user-column names the column "${user}", which isn't there`);
    },
  );

  test.each([
    ['#', 1],
    ['$', 2],
    ['Amount', 3],
    ['amount', 4],
    ['', 5],
  ])('means the column that is called exactly %j before any other', (amount, column) => {
    const odd = ['who', '#', '$', 'Amount', 'amount', '', 'when'];
    const columns = { user: 'who', time: 'when', amount };
    const { positions } = choosePurchaseColumns(odd, { currency: 'USD', columns });
    expect(positions.amount).toBe(column);
  });

  test.each(['#', '%', ''])('for the column %j means no other without letters', (amount) => {
    const odd = ['who', '$', '-', 'when'];
    const choose = () =>
      choosePurchaseColumns(odd, {
        currency: 'USD',
        columns: { user: 'who', time: 'when', amount },
      });
    expect(choose).toThrow(`--amount-column names the column "${amount}", which isn't there`);
  });

  test.each(['paid', '3'])('for a column that another flag names, as %s, is refused', (time) => {
    const choose = () =>
      choosePurchaseColumns(header, { ...flags, columns: { ...flags.columns, time } });
    expect(choose).toThrow(
      '--time-column and --amount-column both name the column "paid" (column 3): name another one with either',
    );
  });

  test('for the only column that may be something else is refused', () => {
    const choose = () =>
      choosePurchaseColumns(['user', 'date', 'n'], {
        currency: 'USD',
        columns: { amount: 'date' },
      });
    expect(choose).toThrow(
      '--amount-column names the column "date" (column 2), which is known to be the time of the purchase: name another one with --amount-column or --time-column',
    );
  });

  test('takes its column from the roles that would know it by its name', () => {
    const { positions } = choosePurchaseColumns(['user', 'date', 'units', 'order_id', 'receipt'], {
      currency: 'USD',
      columns: { amount: 'units', transaction: 'receipt', refundOf: 'order_id' },
    });
    expect(positions).toMatchObject({
      amount: 2,
      quantity: undefined,
      transaction: 4,
      refundOf: 3,
    });
  });

  test('for the currency contradicts one for its column', () => {
    const both = { ...flags, columns: { ...flags.columns, currency: 'who' } };
    expect(() => choosePurchaseColumns(header, both)).toThrow('give one of them');
  });
});

test('columns that have no role are named, and those among them that look like ids', () => {
  const header = ['user_id', 'date', 'amount_usd', 'campaignId', 'paid', 'note', ''];
  const { positions } = choosePurchaseColumns(header, { columns: {} });
  expect(unusedColumns(header, new Set(Object.values(positions)))).toEqual({
    unused: ['campaignId', 'paid', 'note'],
    ids: ['campaignId'],
  });
});
