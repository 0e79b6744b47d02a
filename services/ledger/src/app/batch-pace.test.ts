import { expect, test } from '@jest/globals';
import { createBatchPace } from './batch-pace.ts';

function paceOf(batches: readonly { commands: number; ms: number }[]) {
  const pace = createBatchPace();
  for (const batch of batches) pace.observe(batch);
  return pace;
}

test('nothing is expected before anything is known', () => {
  expect(createBatchPace()).toMatchObject({ msPerBatch: 0, msPerCommand: 0 });
});

test('what a batch takes is told from what its commands take', () => {
  const sizes = [10, 200, 60, 500, 120, 300, 20, 450, 90, 250];
  const pace = paceOf(sizes.map((commands) => ({ commands, ms: 8 + 2 * commands })));
  expect(pace.msPerCommand).toBeCloseTo(2, 1);
  expect(pace.msPerBatch).toBeGreaterThan(5);
  expect(pace.msPerBatch).toBeLessThan(12);
});

test('batches that take long whatever their size say nothing against more commands', () => {
  const pace = paceOf([10, 40, 400, 30, 500].map((commands) => ({ commands, ms: 800 })));
  expect(pace).toMatchObject({ msPerBatch: 800, msPerCommand: 0 });
});

test('quiet, in which every batch is small, says nothing of a burst', () => {
  const pace = paceOf(
    Array.from({ length: 100 }, (_, n) => ({ commands: 1 + (n % 2), ms: 5 + 3 * (n % 2) })),
  );
  expect(pace.msPerCommand).toBeLessThan(0.1);
});

test('a database that has recovered is believed after ten batches', () => {
  const slow = [20, 120, 60, 200].map((commands) => ({ commands, ms: 20 * commands }));
  const fast = Array.from({ length: 10 }, (_, n) => ({ commands: 50 + 20 * n, ms: 20 }));
  expect(paceOf(slow).msPerCommand).toBeGreaterThan(15);
  expect(paceOf([...slow, ...fast]).msPerCommand).toBeLessThan(1);
});
