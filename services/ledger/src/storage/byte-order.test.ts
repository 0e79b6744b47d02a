import { expect, test } from '@jest/globals';
import { compareBytes } from './byte-order.ts';

test('texts are in the order of their UTF-8', () => {
  const ordered = ['', 'A', 'a', 'a1', 'aa', 'b', 'é', '\u{ff5e}', '\u{1f600}'];
  expect([...ordered].reverse().toSorted(compareBytes)).toEqual(ordered);
  const bytes = ordered.map((text) => Buffer.from(text));
  expect(bytes.toSorted(Buffer.compare)).toEqual(bytes);
});

test('a text is equal to itself only', () => {
  expect(compareBytes('order-1', 'order-1')).toBe(0);
  expect(compareBytes('order-1', 'order-10')).toBe(-1);
  expect(compareBytes('order-2', 'order-10')).toBe(1);
});
