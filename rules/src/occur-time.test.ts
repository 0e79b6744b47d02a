import { expect, test } from '@jest/globals';
import { aPurchase } from '../test/example.ts';
import { occurTimeOf, purchaseAt } from './occur-time.ts';

test('a transaction happened when it says, to the millisecond', () => {
  const precise = aPurchase({ occurTime: '2026-03-21T16:00:00.123999999Z' });
  expect(occurTimeOf(precise)).toBe(Date.parse('2026-03-21T16:00:00.123Z'));
});

test('a transaction that does not say has no time', () => {
  const { occurTime, ...timeless } = aPurchase();
  expect(occurTimeOf({ ...timeless })).toBeUndefined();
});

test('a purchase is moved to another time, and is the same otherwise', () => {
  const time = Date.parse('2026-03-21T16:00:00.123Z');
  const purchase = aPurchase();
  const moved = purchaseAt(purchase, time);
  expect(occurTimeOf(moved)).toBe(time);
  expect({ ...moved, occurTime: purchase.occurTime }).toEqual({ ...purchase });
});
