import { expect, test } from '@jest/globals';
import { expectLinearTime, repeated } from './linear-time.ts';

const growth = { textOf: repeated('', 'a', ''), sizeMax: 64 * 1024 };

test('what grows with the length of a text passes', () => {
  expectLinearTime({ ...growth, read: (text) => text.replaceAll('a', 'b') });
});

test('what grows with its square fails', () => {
  // Looks at the rest of the text from each of its letters.
  const read = (text: string) => /a+b/.test(text);
  expect(() => expectLinearTime({ ...growth, read })).toThrow('characters take over');
});
