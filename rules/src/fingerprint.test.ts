import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { aPurchase } from '../test/example.ts';
import { differingFields, fingerprintPurchase } from './fingerprint.ts';

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
  Buffer.from(fingerprintPurchase(userId, aPurchase(json))).toString('hex');

describe('a fingerprint', () => {
  test('never changes', () => {
    expect(fingerprint(FULL)).toBe(
      '0273a393f34603d067c8180e0e9754c63e43ef3419f9e802bd0449a545633658f9',
    );
  });

  const CHEESE = { ...ITEM, itemId: '2', categories: ['cheese', 'gift'] };

  test.each<[string, JsonObject, JsonObject]>([
    ['the order of attributes', FULL, { ...FULL, attributes: { till: '3', store: 'paris' } }],
    ['the order of items', { items: [ITEM, CHEESE] }, { items: [CHEESE, ITEM] }],
    [
      'the order of categories, nor one that is named twice',
      { items: [CHEESE] },
      { items: [{ ...CHEESE, categories: ['gift', 'cheese', 'gift'] }] },
    ],
    [
      'what is finer than a millisecond',
      { occurTime: '2026-03-21T16:00:00.001Z' },
      { occurTime: '2026-03-21T16:00:00.001999Z' },
    ],
  ])("doesn't depend on %s", (_, content, same) => {
    expect(fingerprint(same)).toBe(fingerprint(content));
  });
});

describe('contents differ', () => {
  const content = (json: JsonObject, userId = 'alice') => ({
    userId,
    purchase: aPurchase(json),
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

  test('in items, which are named by their place in the repeat', () => {
    const others = ['2', '3'].map((itemId) => ({ ...ITEM, itemId }));
    const repeat = [others[1], others[0], { ...ITEM, quantity: 3, sku: 'pinot' }] as JsonObject[];
    expect(
      differingFields(content({ items: [ITEM, ...others] }), content({ items: repeat })),
    ).toEqual(['transaction.items[2].sku', 'transaction.items[2].quantity']);
    const other = [others[1], { ...ITEM, itemId: '4' }, others[0]] as JsonObject[];
    expect(
      differingFields(content({ items: [ITEM, ...others] }), content({ items: other })),
    ).toEqual(['transaction.items[1].item_id']);
  });

  test('in nothing', () => {
    expect(differingFields(content(FULL), content(FULL))).toEqual([]);
  });
});
