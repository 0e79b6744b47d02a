import { setTimeout as delay } from 'node:timers/promises';
import type { Progress } from '../progress.ts';
import { forEachAtOnce } from './at-once.ts';
import type { Patiently } from './patience.ts';
import type { PurchaseLine } from './purchases.ts';
import type { StreamDoor } from './stream-door.ts';

/** Publishes that the stream hasn't confirmed yet. */
const publishesAtOnce = 512;
const pollMs = 200;
/** Without any movement for so long, the ledger is away, or an event of somebody else is stuck before ours. */
const stallMs = 15_000;

/** Reports the purchases on the stream, and waits until the ledger has taken them from there. */
export async function publishPurchases(input: {
  purchases: AsyncIterable<PurchaseLine>;
  total: number;
  stream: StreamDoor;
  patiently: Patiently;
  progress: Progress;
}): Promise<void> {
  const { stream, patiently, progress } = input;
  const stretch = progress.start('publishing', input.total);
  let published = 0;
  let lastSequence = 0;
  try {
    await forEachAtOnce(publishesAtOnce, input.purchases, async ({ purchase }) => {
      const sequence = await patiently(() => stream.publish(purchase));
      lastSequence = Math.max(lastSequence, sequence);
      published += 1;
      stretch.to(published);
    });
  } finally {
    stretch.end();
  }
  if (published > 0) await backlogTaken({ published, lastSequence, stream, progress });
}

/** Resolves early when nothing moves: what is asked afterwards decides, this only saves asking too soon. */
async function backlogTaken(input: {
  published: number;
  lastSequence: number;
  stream: StreamDoor;
  progress: Progress;
}): Promise<void> {
  const { published, lastSequence, stream } = input;
  const stretch = input.progress.start('posting', published);
  let moved = { state: '', atMs: performance.now() };
  while (performance.now() - moved.atMs < stallMs) {
    const backlog = await stream.backlog().catch(() => undefined);
    if (backlog !== undefined) {
      const { count, firstSequence } = backlog;
      if (count === 0 || firstSequence > lastSequence) {
        stretch.to(published);
        break;
      }
      stretch.to(Math.max(published - count, 0));
      const state = `${count} ${firstSequence}`;
      if (state !== moved.state) moved = { state, atMs: performance.now() };
    }
    await delay(pollMs);
  }
  stretch.end();
}
