import { expect, test } from '@jest/globals';
import { Overloaded, RateLimited } from './errors.ts';
import { createRefusalBrake } from './refusal-brake.ts';

const policy = { unit: 'request', quota: 1, windowSeconds: 1 } as const;
const rateLimited = new RateLimited('too many', { policy, retryAfterMs: 1000 });

/** Whether what is awaited has ended by the time that others come first. */
async function isHeld(brake: Promise<void>): Promise<boolean> {
  let ended = false;
  void brake.then(() => {
    ended = true;
  });
  await new Promise(setImmediate);
  return !ended;
}

test('callers over their limits are told a moment later, and others at once', async () => {
  const brake = createRefusalBrake();
  expect(await isHeld(brake(new Overloaded('full')))).toBe(false);
  const held = brake(rateLimited);
  expect(await isHeld(held)).toBe(true);
  await held;
});

test('those who are refused together are told at various times', async () => {
  const pauses: number[] = [];
  const brake = createRefusalBrake(async (ms) => pauses.push(ms));
  for (let count = 0; count < 1000; count += 1) await brake(rateLimited);
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(250);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(750);
  expect(new Set(pauses).size).toBeGreaterThan(900);
  // Unless their call has less time.
  await brake(rateLimited, { pauseMsMax: 100 });
  expect(pauses.at(-1)).toBe(100);
});

test('no more than a thousand are held back at once', async () => {
  const brake = createRefusalBrake();
  const held = Array.from({ length: 1000 }, () => brake(rateLimited));
  expect(await isHeld(brake(rateLimited))).toBe(false);
  await Promise.all(held);
  expect(await isHeld(brake(rateLimited))).toBe(true);
});
