import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { transaction } from '../test/example.ts';
import { differingFields, fingerprintTransaction } from './fingerprint.ts';

const ITEM: JsonObject = {
  itemId: '1',
  sku: 'cab',
  categories: ['wine'],
  quantity: 2,
  amount: { currencyCode: 'USD', minorUnits: '100' },
};
const FULL: JsonObject = {
  items: [ITEM],
  channel: 'web',
  attributes: { store: 'paris', till: '3' },
};
const fingerprint = (json: JsonObject, userId = 'alice') =>
  Buffer.from(fingerprintTransaction(userId, transaction(json))).toString('hex');

describe('a fingerprint', () => {
  test('stays the same for ever', () => {
    expect(fingerprint(FULL)).toBe(
      '0190dea925c8d073e26cf5873ed987d43afdfe750ed4da5ed1292ce71026c3a449',
    );
  });

  test("doesn't depend on the order of attributes", () => {
    expect(fingerprint({ ...FULL, attributes: { till: '3', store: 'paris' } })).toBe(
      fingerprint(FULL),
    );
  });
});

describe('contents differ', () => {
  const content = (json: JsonObject, userId = 'alice') => ({
    userId,
    transaction: transaction(json),
  });

  test.each<[JsonObject, string]>([
    [{ ...FULL, transactionId: 'order-2' }, 'transaction.transaction_id'],
    [{ ...FULL, occurTime: '2026-03-21T16:00:00.001Z' }, 'transaction.occur_time'],
    [{ ...FULL, amount: { currencyCode: 'USD', minorUnits: '1' } }, 'transaction.amount'],
    [{ ...FULL, channel: '' }, 'transaction.channel'],
    [{ ...FULL, attributes: { store: 'paris' } }, 'transaction.attributes'],
    [{ ...FULL, items: [] }, 'transaction.items'],
    [{ ...FULL, items: [{ ...ITEM, quantity: 3 }] }, 'transaction.items[0].quantity'],
    [{ ...FULL, items: [{ ...ITEM, sku: 'pinot' }] }, 'transaction.items[0].sku'],
    [{ ...FULL, items: [{ ...ITEM, categories: [] }] }, 'transaction.items[0].categories'],
  ])('%j in %s', (json, field) => {
    expect(fingerprint(json)).not.toBe(fingerprint(FULL));
    expect(differingFields(content(FULL), content(json))).toEqual([field]);
  });

  test("in the user, whose id isn't told", () => {
    expect(fingerprint(FULL, 'bob')).not.toBe(fingerprint(FULL));
    expect(differingFields(content(FULL), content(FULL, 'bob'))).toEqual(['user_id']);
  });

  test('in nothing', () => {
    expect(differingFields(content(FULL), content(FULL))).toEqual([]);
  });
});
