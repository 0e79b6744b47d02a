import { expect, test } from '@jest/globals';
import { contentId, digestOf, wordsOf } from './content-id.ts';

test('the words of digests are 64 bits that differ as the digests do', () => {
  const words = Array.from({ length: 20_000 }, (_, number) => wordsOf(digestOf([String(number)])));
  const isWord = (value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** 32;
  expect(words.flat().every(isWord)).toBe(true);
  expect(new Set(words.map(String)).size).toBe(words.length);
  // Each bit is set in half of them.
  for (const position of [0, 1]) {
    for (let bit = 0; bit < 32; bit += 1) {
      const count = words.filter((pair) => Math.floor((pair[position] ?? 0) / 2 ** bit) % 2 === 1);
      expect(Math.abs(count.length / words.length - 0.5)).toBeLessThan(0.03);
    }
  }
});

test('an id of a content is printable, short enough, and its own for each number', () => {
  const digest = digestOf(['ann', '2026-01-31T00:00:00.000', '1250', 'USD']);
  // It must never change: purchases that were credited under it would be credited again.
  expect(contentId(digest, 1)).toBe('import-jdvVV4O0C36LJvJb_8DbvXCDv3Ymd8hjxdP4O3_XbT0');
  expect(contentId(digest, 2)).toBe(`${contentId(digest, 1)}-2`);
  expect(digestOf(['a', 'b'])).not.toBe(digestOf(['a,b']));
  expect(digestOf(['a', 'b'])).not.toBe(digestOf(['b', 'a']));
});
