import { expect, test } from '@jest/globals';
import { createSharedCache } from './shared-cache.ts';

/** Computes what a test lets it, at the time that it sets. */
function start() {
  const computing: { query: string; resolve(): void; reject(error: Error): void }[] = [];
  let now = 0;
  let computed = 0;
  const ask = createSharedCache<string, string>({
    compute: async (query) =>
      await new Promise((resolve, reject) => {
        computed += 1;
        const result = `${query} ${computed}`;
        computing.push({ query, resolve: () => resolve(result), reject });
      }),
    keyOf: (query) => query,
    clock: () => now,
    freshMs: 60,
    ageMsMax: 300,
    resultsMax: 2,
    waitingMax: 1,
  });
  const nextTurn = async () => await new Promise((resolve) => setImmediate(resolve));
  return {
    ask,
    computing: () => computing.map(({ query }) => query),
    letPass(ms: number) {
      now += ms;
    },
    async finish() {
      await nextTurn();
      computing.shift()?.resolve();
    },
    async fail() {
      await nextTurn();
      computing.shift()?.reject(new Error('failed'));
    },
    nextTurn,
    /** Asks, and lets the computation finish if there is one. */
    async result(query: string) {
      const result = ask(query);
      await this.finish();
      return await result;
    },
  };
}

test('a result is returned again until it is a minute old', async () => {
  const cache = start();
  expect(await cache.result('a')).toBe('a 1');
  cache.letPass(59);
  expect(await cache.ask('a')).toBe('a 1');
  cache.letPass(1);
  expect(await cache.result('a')).toBe('a 2');
  // A clock that was set back.
  cache.letPass(-1_000);
  expect(await cache.result('a')).toBe('a 3');
});

test('callers meanwhile wait for the first result, and later get the one before the next', async () => {
  const cache = start();
  const both = [cache.ask('a'), cache.ask('a')];
  await cache.finish();
  expect(await Promise.all(both)).toEqual(['a 1', 'a 1']);
  cache.letPass(60);
  const next = cache.ask('a');
  expect(await cache.ask('a')).toBe('a 1');
  await cache.finish();
  expect(await next).toBe('a 2');
  // Unless that one is too old, even if the present computation has only just begun.
  cache.letPass(300);
  const late = [cache.ask('a')];
  await cache.nextTurn();
  expect(cache.computing()).toEqual(['a']);
  late.push(cache.ask('a'));
  await cache.finish();
  expect(await Promise.all(late)).toEqual(['a 3', 'a 3']);
});

test('one is computed at a time, and callers are refused while too many wait', async () => {
  const cache = start();
  const first = cache.ask('a');
  const second = cache.ask('b');
  await cache.nextTurn();
  expect(cache.computing()).toEqual(['a']);
  await expect(cache.ask('c')).rejects.toMatchObject({ reason: 'OVERLOADED' });
  await cache.finish();
  expect(await first).toBe('a 1');
  await cache.finish();
  expect(await second).toBe('b 2');
  expect(await cache.result('c')).toBe('c 3');
});

test('a failure is returned again, too, and holds up nobody', async () => {
  const cache = start();
  const failed = cache.ask('a');
  const other = cache.ask('b');
  await cache.nextTurn();
  // It took longer than results are fresh.
  cache.letPass(61);
  await cache.fail();
  await expect(failed).rejects.toThrow('failed');
  await cache.finish();
  expect(await other).toBe('b 2');
  await expect(cache.ask('a')).rejects.toThrow('failed');
  cache.letPass(60);
  expect(await cache.result('a')).toBe('a 3');
});

test('the result that was asked for least recently is dropped', async () => {
  const cache = start();
  expect(await cache.result('a')).toBe('a 1');
  expect(await cache.result('b')).toBe('b 2');
  expect(await cache.ask('a')).toBe('a 1');
  expect(await cache.result('c')).toBe('c 3');
  expect(await cache.ask('a')).toBe('a 1');
  expect(await cache.result('b')).toBe('b 4');
});
