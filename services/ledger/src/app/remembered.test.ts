import { expect, test } from '@jest/globals';
import { createRemembered } from './remembered.ts';

/** Computes what a test lets it, at the time that it sets. */
function start() {
  const computing: { question: string; resolve(): void; reject(error: Error): void }[] = [];
  let now = 0;
  let computed = 0;
  const ask = createRemembered<string, string>({
    compute: async (question) =>
      await new Promise((resolve, reject) => {
        computed += 1;
        const answer = `${question} ${computed}`;
        computing.push({ question, resolve: () => resolve(answer), reject });
      }),
    keyOf: (question) => question,
    clock: () => now,
    freshMs: 60,
    ageMsMax: 300,
    answersMax: 2,
    waitingMax: 1,
  });
  const settled = async () => await new Promise((resolve) => setImmediate(resolve));
  return {
    ask,
    computing: () => computing.map(({ question }) => question),
    letPass(ms: number) {
      now += ms;
    },
    async finish() {
      await settled();
      computing.shift()?.resolve();
    },
    async fail() {
      await settled();
      computing.shift()?.reject(new Error('failed'));
    },
    settled,
    /** Asks, and lets the computation finish if there is one. */
    async answer(question: string) {
      const answer = ask(question);
      await this.finish();
      return await answer;
    },
  };
}

test('an answer is given again until it is a minute old', async () => {
  const memory = start();
  expect(await memory.answer('a')).toBe('a 1');
  memory.letPass(59);
  expect(await memory.ask('a')).toBe('a 1');
  memory.letPass(1);
  expect(await memory.answer('a')).toBe('a 2');
  // A clock that was set back.
  memory.letPass(-1_000);
  expect(await memory.answer('a')).toBe('a 3');
});

test('those who ask meanwhile wait for the first answer, and get the one before it later', async () => {
  const memory = start();
  const both = [memory.ask('a'), memory.ask('a')];
  await memory.finish();
  expect(await Promise.all(both)).toEqual(['a 1', 'a 1']);
  memory.letPass(60);
  const next = memory.ask('a');
  expect(await memory.ask('a')).toBe('a 1');
  await memory.finish();
  expect(await next).toBe('a 2');
  // Unless that one is too old, even if the present computation has only just begun.
  memory.letPass(300);
  const late = [memory.ask('a')];
  await memory.settled();
  expect(memory.computing()).toEqual(['a']);
  late.push(memory.ask('a'));
  await memory.finish();
  expect(await Promise.all(late)).toEqual(['a 3', 'a 3']);
});

test('one is computed at a time, and too many who wait are refused', async () => {
  const memory = start();
  const first = memory.ask('a');
  const second = memory.ask('b');
  await memory.settled();
  expect(memory.computing()).toEqual(['a']);
  await expect(memory.ask('c')).rejects.toMatchObject({ reason: 'OVERLOADED' });
  await memory.finish();
  expect(await first).toBe('a 1');
  await memory.finish();
  expect(await second).toBe('b 2');
  expect(await memory.answer('c')).toBe('c 3');
});

test('a failure is given again, too, and holds up nobody', async () => {
  const memory = start();
  const failed = memory.ask('a');
  const other = memory.ask('b');
  await memory.fail();
  await expect(failed).rejects.toThrow('failed');
  await memory.finish();
  expect(await other).toBe('b 2');
  await expect(memory.ask('a')).rejects.toThrow('failed');
  memory.letPass(60);
  expect(await memory.answer('a')).toBe('a 3');
});

test('what was asked for least recently is forgotten', async () => {
  const memory = start();
  expect(await memory.answer('a')).toBe('a 1');
  expect(await memory.answer('b')).toBe('b 2');
  expect(await memory.ask('a')).toBe('a 1');
  expect(await memory.answer('c')).toBe('c 3');
  expect(await memory.ask('a')).toBe('a 1');
  expect(await memory.answer('b')).toBe('b 4');
});
