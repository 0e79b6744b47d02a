import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Delivery } from '../domain/delivery.ts';
import { createDueQueue } from './due-queue.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const lease = { webhookId: 'w-1', lease: 'l-1' };
const deliveryOf = (id: number) => ({ deliveryId: BigInt(id) }) as Delivery;

/** A queue of what the ids say is due. */
function queueOf(ids: number[]) {
  const due = jest.fn(async ({ limit }: { limit: number }) => ({
    deliveries: ids.slice(0, limit).map(deliveryOf),
    endpoint: undefined,
  }));
  const queue = createDueQueue({ endpoint: lease, deliveries: { due }, clock: Date.now });
  return { ...queue, due, nextId: () => Number(queue.next()?.deliveryId) };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test('what is under way isn’t fetched again, also if it is done meanwhile', async () => {
  const queue = queueOf(upTo(100));
  await queue.refill();
  for (const id of upTo(20)) {
    expect(queue.nextId()).toBe(id);
    if (id <= 17) queue.done(deliveryOf(id));
  }
  const refilling = queue.refill();
  queue.done(deliveryOf(18));
  await refilling;
  expect(queue.due).toHaveBeenLastCalledWith(expect.objectContaining({ limit: 23 }));
  // The store of this test forgets nothing.
  expect(queue.nextId()).toBe(1);
  const others = upTo(19).map(() => queue.nextId());
  expect(others).not.toContain(18);
  expect(others).not.toContain(19);
});

test('once all is fetched, it looks again when nothing is under way', async () => {
  const queue = queueOf(upTo(2));
  expect(queue.needsRefill()).toBe(true);
  await queue.refill();
  const [first, second] = [queue.next(), queue.next()];
  if (first === undefined || second === undefined) throw new Error('nothing was found');
  queue.done(first);
  expect(queue.needsRefill()).toBe(false);
  queue.done(second);
  expect(queue.needsRefill()).toBe(true);
});

test('while there is more, it looks as soon as all is sent', async () => {
  const queue = queueOf(upTo(100));
  await queue.refill();
  expect(queue.needsRefill()).toBe(false);
  while (queue.next() !== undefined);
  expect(queue.needsRefill()).toBe(true);
});

test('what was fetched long ago is fetched again, because something can have become more urgent', async () => {
  const ids = upTo(100);
  const queue = queueOf(ids);
  await queue.refill();
  queue.next();
  jest.advanceTimersByTime(1_001);
  expect(queue.needsRefill()).toBe(true);
  ids.unshift(1_000);
  await queue.refill();
  expect(queue.nextId()).toBe(1_000);
  expect(queue.nextId()).toBe(2);
});
