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

  test('for the currency contradicts one for its column', () => {
    const both = { ...flags, columns: { ...flags.columns, currency: 'who' } };
    expect(() => choosePurchaseColumns(header, both)).toThrow('give one of them');
  });
});

test('columns that have no role are named, and those among them that look like ids', () => {
  const header = ['user_id', 'date', 'amount_usd', 'campaignId', 'paid', 'note', ''];
  const { positions } = choosePurchaseColumns(header, { columns: {} });
  expect(unusedColumns(header, positions)).toEqual({
    unused: ['campaignId', 'paid', 'note'],
    ids: ['campaignId'],
  });
});
