import { expect, test } from '@jest/globals';
import { sharedBeforeStart } from './shared-before-start.ts';

function controlled() {
  const runs: { key: string; end: (result: string) => void; fail: () => void }[] = [];
  const ask = sharedBeforeStart(
    (key) =>
      new Promise<string>((resolve, reject) => {
        runs.push({ key, end: resolve, fail: () => reject(new Error('away')) });
      }),
  );
  return { ask, runs };
}

test('those who ask while work is under way share the run after it', async () => {
  const { ask, runs } = controlled();
  const first = ask('a');
  const later = [ask('a'), ask('a')];
  expect(runs).toHaveLength(1);
  runs[0]?.end('old');
  expect(await first).toBe('old');
  await Promise.resolve();
  expect(runs).toHaveLength(2);
  runs[1]?.end('new');
  expect(await Promise.all(later)).toEqual(['new', 'new']);
});

test('a failure is told to those who asked before, and ends nothing for others', async () => {
  const { ask, runs } = controlled();
  const [first, second] = [ask('a'), ask('a')];
  runs[0]?.fail();
  await expect(first).rejects.toThrow('away');
  runs[1]?.end('back');
  expect(await second).toBe('back');
  expect(runs.map(({ key }) => key)).toEqual(['a', 'a']);
});

test('keys wait for none but themselves', () => {
  const { ask, runs } = controlled();
  void ask('a');
  void ask('b');
  expect(runs.map(({ key }) => key)).toEqual(['a', 'b']);
});
