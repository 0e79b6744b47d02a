import { setImmediate as endOfTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { gatherReads } from './gather-reads.ts';

/** Reads the square of each number and remembers what was asked together. */
function readSquares({ maxBatch = 100 } = {}) {
  const batches: (readonly number[])[] = [];
  const square = gatherReads(
    async (numbers: readonly number[]) => {
      batches.push(numbers);
      if (numbers.includes(0)) throw new Error('the read failed');
      return numbers.map((number) => number * number);
    },
    { maxBatch },
  );
  return { square, batches };
}

test('what is asked in one turn of the event loop is read together, and each gets their own answer', async () => {
  const { square, batches } = readSquares();
  expect(await Promise.all([square(3), square(1), square(3)])).toEqual([9, 1, 9]);
  expect(batches).toEqual([[3, 1, 3]]);
});

test('what is asked later is read later, without waiting for what is being read', async () => {
  const reads: (() => void)[] = [];
  const ask = gatherReads(
    (questions: readonly string[]) =>
      new Promise<readonly string[]>((resolve) => reads.push(() => resolve(questions))),
    { maxBatch: 100 },
  );
  const first = ask('first');
  await endOfTurn();
  const second = ask('second');
  await endOfTurn();
  reads[1]?.();
  expect(await second).toBe('second');
  reads[0]?.();
  expect(await first).toBe('first');
});

test('no read is about more than the maximum', async () => {
  const { square, batches } = readSquares({ maxBatch: 2 });
  expect(await Promise.all([1, 2, 3, 4, 5].map(square))).toEqual([1, 4, 9, 16, 25]);
  expect(batches).toEqual([[1, 2], [3, 4], [5]]);
});

test('a read that fails fails for those only who were asked with it', async () => {
  const { square } = readSquares({ maxBatch: 2 });
  const outcomes = await Promise.allSettled([1, 0, 3].map(square));
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
});

test('an answer that takes longer, or fails, is waited for by its own caller only', async () => {
  const ask = gatherReads(
    async (questions: readonly string[]): Promise<(string | Promise<string>)[]> =>
      questions.map((question) =>
        question === 'hard' ? Promise.reject(new Error('too hard')) : question,
      ),
    { maxBatch: 100 },
  );
  const hard = ask('hard');
  expect(await ask('easy')).toBe('easy');
  await expect(hard).rejects.toThrow('too hard');
});
