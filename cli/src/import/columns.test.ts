import { describe, expect, test } from '@jest/globals';
import { chooseColumns, FileRefused } from './columns.ts';

describe('the columns of a file', () => {
  test('are found by customary names, and the currency by the name of the amount', () => {
    expect(chooseColumns(['user_id', 'purchase_date', 'quantity', 'amount_usd'], {})).toEqual({
      count: 4,
      user: 0,
      time: 1,
      amount: 3,
      quantity: 2,
      transaction: undefined,
      currency: 'USD',
    });
  });

  test('may stand in any order and any case, with others between', () => {
    const columns = chooseColumns(['Total_EUR', 'Shop', 'Date', 'Customer_ID'], {});
    expect(columns).toMatchObject({ amount: 0, time: 2, user: 3, currency: 'EUR' });
    expect(columns.quantity).toBeUndefined();
  });

  test('are those that flags name', () => {
    const header = ['user_id', 'payer', 'date', 'net', 'amount', 'receipt'];
    expect(
      chooseColumns(header, {
        userColumn: 'payer',
        amountColumn: 'NET',
        transactionColumn: 'receipt',
        currency: 'CHF',
      }),
    ).toMatchObject({ user: 1, time: 2, amount: 3, transaction: 5, currency: 'CHF' });
  });

  test('an ending that is no currency is none', () => {
    expect(() => chooseColumns(['user', 'date', 'amount_net'], {})).toThrow('--amount-column');
  });

  test('a column that is missing is asked for, with those that are there', () => {
    const choose = () => chooseColumns(['who', 'date', 'amount'], {});
    expect(choose).toThrow(FileRefused);
    expect(choose).toThrow(/--user-column.*who, date, amount/);
  });

  test('a column that a flag names must be there', () => {
    expect(() => chooseColumns(['user', 'date', 'amount'], { quantityColumn: 'pieces' })).toThrow(
      '--quantity-column names the column "pieces"',
    );
  });
});
