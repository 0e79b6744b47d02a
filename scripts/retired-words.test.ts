import { expect, test } from '@jest/globals';
import { readRetiredWords, retiredWordsIn } from './retired-words.ts';

const retired = readRetiredWords(`
# A comment
Held  services/.*  LockedState: a hold is a reservation
`);

const use = (text: string, file = 'services/ledger/src/app/earn.ts') =>
  retiredWordsIn({ file, text }, retired);

test.each([
  'export interface Held {}',
  'const amount = locked as Held;',
  'const { Held } = words;',
])('a retired word is noticed in %s', async (text) => {
  expect(await use(text)).toEqual([
    'services/ledger/src/app/earn.ts: Held is now LockedState: a hold is a reservation',
  ]);
});

test('it is free in comments and texts, as a part of another word, and in other files', async () => {
  expect(await use("// Held points\nconst text = 'Held'; const HeldPoints = 1;")).toEqual([]);
  expect(await use('export interface Held {}', 'cli/src/main.ts')).toEqual([]);
});

test('a line that says too little is refused', () => {
  expect(() => readRetiredWords('Held')).toThrow('Held');
});
