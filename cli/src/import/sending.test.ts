import { describe, expect, test } from '@jest/globals';
import { ServiceUnavailable } from '@loyalty/platform/errors.ts';
import { type LineOutcome, NotYet, type Postponed, sendAll } from './sending.ts';

type Send = (items: readonly number[]) => Promise<readonly (LineOutcome | Postponed)[]>;

const done = {
  kind: 'done',
  points: 1n,
  replayed: false,
  doneMs: Number.MAX_SAFE_INTEGER,
} as const;

/** Sends numbers in batches of 3, two at a time, and retries at once. */
async function run(count: number, send: Send) {
  const outcomes = new Map<number, LineOutcome>();
  const pauses: unknown[] = [];
  async function* lists() {
    for (let item = 0; item < count; item += 2) {
      yield [item, item + 1].filter((each) => each < count);
    }
  }
  await sendAll(lists(), {
    sender: { batchSize: 3, batchesAtOnce: 2, send },
    retries: {
      begin: () => ({
        advance: () => undefined,
        pause: async (error) => {
          pauses.push(error);
        },
      }),
    },
    onOutcome(item, outcome) {
      expect(outcomes.has(item)).toBe(false);
      outcomes.set(item, outcome);
    },
  });
  return { outcomes, pauses };
}

describe('sending', () => {
  test('gives each item one outcome, in full batches, with no more of them at once than it may', async () => {
    const sizes: number[] = [];
    let running = 0;
    const { outcomes } = await run(20, async (items) => {
      running += 1;
      expect(running).toBeLessThanOrEqual(2);
      sizes.push(items.length);
      await Promise.resolve();
      running -= 1;
      return items.map(() => done);
    });
    expect(outcomes.size).toBe(20);
    expect(sizes).toEqual([3, 3, 3, 3, 3, 3, 2]);
  });

  test('repeats what is postponed, and nothing else', async () => {
    const sent: number[][] = [];
    const later = new NotYet('too fast', { reason: 'VELOCITY_LIMIT', retryAfterMs: 30_000 });
    const { outcomes, pauses } = await run(3, async (items) => {
      sent.push([...items]);
      return items.map((item) =>
        item === 1 && sent.length < 3 ? { kind: 'postponed', error: later } : done,
      );
    });
    expect(sent).toEqual([[0, 1, 2], [1], [1]]);
    expect(pauses).toEqual([later, later]);
    expect(outcomes.size).toBe(3);
  });

  test('counts as its own what it did without hearing of it, and as known what was done before', async () => {
    const beganMs = Date.now();
    let isFirst = true;
    const { outcomes, pauses } = await run(2, async (items) => {
      if (isFirst) {
        isFirst = false;
        throw new ServiceUnavailable('the connection broke');
      }
      return items.map((item) => ({
        ...done,
        replayed: true,
        doneMs: item === 0 ? beganMs - 60_000 : beganMs + 60_000,
      }));
    });
    expect(pauses).toHaveLength(1);
    expect(outcomes.get(0)).toMatchObject({ replayed: true });
    expect(outcomes.get(1)).toMatchObject({ replayed: false });
  });

  test('ends with the first error that is no use to retry', async () => {
    const sent: number[] = [];
    const failing = sendAll(
      (async function* () {
        for (let item = 0; item < 1_000; item += 1) yield [item];
      })(),
      {
        sender: {
          batchSize: 1,
          batchesAtOnce: 2,
          send: async ([item]) => {
            sent.push(item as number);
            throw new Error('no');
          },
        },
        retries: {
          begin: () => ({
            advance: () => undefined,
            pause: async (error) => {
              throw error;
            },
          }),
        },
        onOutcome: () => undefined,
      },
    );
    await expect(failing).rejects.toThrow('no');
    expect(sent.length).toBeLessThan(10);
  });
});
