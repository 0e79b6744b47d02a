import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { aPurchase } from '../test/example.ts';
import { validatePurchase } from './validate-purchase.ts';

const NOW = Date.parse('2026-03-21T16:00:00Z');
const item = (itemId: string, currencyCode = 'USD'): JsonObject => ({
  itemId,
  quantity: 1,
  amount: { currencyCode, minorUnits: '100' },
});
const fieldsOf = (json: JsonObject) =>
  validatePurchase(aPurchase(json), NOW).map(({ field }) => field);

describe('a transaction', () => {
  test('is accepted, up to five minutes ahead of our clock', () => {
    expect(fieldsOf({ items: [item('1'), item('2')] })).toEqual([]);
    expect(fieldsOf({ occurTime: '2026-03-21T16:05:00Z' })).toEqual([]);
    expect(fieldsOf({ amount: { currencyCode: 'USD', minorUnits: '0' } })).toEqual([]);
  });

  test.each<[string, JsonObject, string]>([
    ['two items of one id', { items: [item('1'), item('1')] }, 'items[1].item_id'],
    ['an item in another currency', { items: [item('1', 'EUR')] }, 'items[0].amount.currency_code'],
    ['an unknown currency', { amount: { currencyCode: 'ZZZ' } }, 'amount.currency_code'],
    ['a time in the future', { occurTime: '2026-03-21T16:05:00.001Z' }, 'occur_time'],
    ['a time before computers', { occurTime: '1969-12-31T23:59:59Z' }, 'occur_time'],
    ['a NUL in its text', { channel: 'a\0b' }, 'channel'],
    ['a NUL in an attribute', { attributes: { a: '\0' } }, 'attributes'],
  ])('is refused for %s', (_, json, field) => {
    expect(fieldsOf(json)).toEqual([field]);
  });

  test('is refused for half a surrogate pair, and nanoseconds that are none', () => {
    const odd = aPurchase({ items: [item('1')] });
    if (odd.items[0] !== undefined) odd.items[0].sku = '\ud800';
    if (odd.occurTime !== undefined) odd.occurTime.nanos = -1;
    expect(validatePurchase(odd).map(({ field }) => field)).toEqual(['occur_time', 'items[0].sku']);
  });
});
