import { expect, test } from '@jest/globals';
import { createTurns } from './turns.ts';

test('no more work runs at the same time than there are turns, and all of it runs', async () => {
  const inTurn = createTurns(2);
  let running = 0;
  const seen: number[] = [];
  const work = async (fails: boolean) => {
    running += 1;
    seen.push(running);
    await Promise.resolve();
    running -= 1;
    if (fails) throw new Error('no luck');
  };
  const done = await Promise.allSettled(
    Array.from({ length: 7 }, (_, index) => inTurn(() => work(index % 3 === 0))),
  );
  expect(seen).toHaveLength(7);
  expect(Math.max(...seen)).toBe(2);
  expect(done.filter(({ status }) => status === 'rejected')).toHaveLength(3);
});
