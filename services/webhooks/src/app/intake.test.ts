import { expect, test } from '@jest/globals';
import type { WebhookEvent } from './delivery-store.ts';
import { createIntake } from './intake.ts';

const event = (eventId: string, body = ''): WebhookEvent => ({
  programId: 'wine-dine',
  eventId,
  type: 'points.earned',
  body,
});

/** An intake whose store can't take these events, and the commits that succeeded. */
function watchedIntake(refused: (events: readonly WebhookEvent[]) => Error | undefined) {
  const commits: string[][] = [];
  const intake = createIntake({
    deliveries: {
      async addAll(events) {
        const error = refused(events);
        if (error !== undefined) throw error;
        commits.push(events.map(({ eventId }) => eventId));
      },
    },
    isTemporary: (error) => (error as Error).message === 'away',
    clock: () => 0,
    onAdded: () => undefined,
  });
  return {
    commits,
    add: async (...events: WebhookEvent[]) =>
      (await Promise.allSettled(events.map((each) => intake.add(each)))).map(
        ({ status }) => status,
      ),
  };
}

const twenty = Array.from({ length: 20 }, (_, index) => event(`e-${index}`));

test('what arrives while a commit runs shares the next one', async () => {
  const { commits, add } = watchedIntake(() => undefined);
  await add(...twenty);
  expect(commits.map(({ length }) => length)).toEqual([1, 19]);
});

test('a commit takes no more than 8 MiB, and one event at least', async () => {
  const { commits, add } = watchedIntake(() => undefined);
  const [small, large, huge] = [10, 3 * 2 ** 20, 9 * 2 ** 20].map((size) => 'x'.repeat(size));
  await add(
    event('a', small),
    event('b', large),
    event('c', large),
    event('d', large),
    event('e', huge),
  );
  expect(commits).toEqual([['a'], ['b', 'c'], ['d'], ['e']]);
});

test('an event that cannot be stored takes none of the others with it', async () => {
  const { commits, add } = watchedIntake((events) =>
    events.some(({ eventId }) => eventId === 'e-7') ? new Error('a fault') : undefined,
  );
  const results = await add(...twenty);
  expect(results.filter((status) => status === 'rejected')).toHaveLength(1);
  expect(results[7]).toBe('rejected');
  expect(commits.flat()).toHaveLength(19);
});

test('while the database is away, all that share a commit wait for it', async () => {
  let asked = 0;
  const { add } = watchedIntake(() => {
    asked += 1;
    return new Error('away');
  });
  expect(new Set(await add(...twenty))).toEqual(new Set(['rejected']));
  expect(asked).toBe(2);
});
