import { expect, test } from '@jest/globals';
import { expectCostOfParsing, expectLinearTime, repeated } from './linear-time.ts';

const growth = { textOf: repeated('', 'a', ''), sizeMax: 64 * 1024 };

test('what grows with the length of a text passes', () => {
  expectLinearTime({ ...growth, read: (text) => text.replaceAll('a', 'b') });
});

test('what grows with its square fails', () => {
  // Looks at the rest of the text from each of its letters.
  const read = (text: string) => /a+b/.test(text);
  expect(() => expectLinearTime({ ...growth, read })).toThrow('characters take over');
});

const list = { textOf: repeated('[1', ',1', ']'), sizeMax: 64 * 1024 };

test('what takes about as long as JSON.parse passes', () => {
  expectCostOfParsing({ ...list, read: (text) => JSON.parse(text) });
});

test('what takes much longer fails', () => {
  const read = (text: string) => {
    const start = process.cpuUsage();
    while (process.cpuUsage(start).user < 150_000) JSON.parse(text);
  };
  expect(() => expectCostOfParsing({ ...list, read })).toThrow('and JSON.parse');
});
