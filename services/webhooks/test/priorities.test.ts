import { afterEach, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import type { LeasedEndpoint } from '../src/app/delivery-store.ts';
import { createDeliveryStore } from '../src/storage/delivery-store.ts';
import { createReplayStore } from '../src/storage/replay-store.ts';
import { start, useOneWebhook, webhookId } from './one-webhook.ts';

const database = useOneWebhook();
afterEach(() => {
  jest.restoreAllMocks();
});

const eventOf = (eventId: string) => ({
  programId: 'p-1',
  eventId,
  type: 'points.earned',
  body: '{}',
});

/** The store, and what the tests do with it; times are in seconds from the start. */
function usedStore() {
  const announcing = { encodeDisabled: () => new Uint8Array(), wakeRelay: () => {} };
  const deliveries = createDeliveryStore(database.pool, announcing);
  const replays = createReplayStore(database.pool);
  const at = (seconds: number) => start + seconds * 1_000;
  let endpoint: LeasedEndpoint | undefined;
  const leased = async () => {
    const query = { limit: 1, served: [], perProgramMax: 1, leaseMs: 60_000 };
    endpoint ??= (await deliveries.lease({ ...query, now: at(9_999) }))[0];
    if (endpoint === undefined) throw new Error('it is not due');
    return endpoint;
  };
  const due = async (seconds: number) =>
    (await deliveries.due({ endpoint: await leased(), now: at(seconds), limit: 20 })).deliveries;
  return {
    happen: (seconds: number, ...ids: string[]) => deliveries.addAll(ids.map(eventOf), at(seconds)),
    test: (seconds: number, id: string) => deliveries.deliver(webhookId, eventOf(id), at(seconds)),
    async replay(seconds: number, ...ids: string[]) {
      const now = at(seconds);
      await replays.begin(webhookId, { userId: 'alice', fromSequence: 0n }, now);
      const replay = await replays.lease({ now, leaseMs: 60_000, pendingMax: 2_000 });
      if (replay === undefined) throw new Error('there is no replay');
      await replays.advance(replay, { events: ids.map(eventOf), next: { kind: 'DONE' }, now });
    },
    async retry(seconds: number, id: string) {
      const query = { webhookId, state: undefined, eventId: id, after: undefined, limit: 1 };
      const [delivery] = (await deliveries.list(query)).items;
      await deliveries.retry({ webhookId, deliveryId: delivery?.deliveryId ?? 0n }, at(seconds));
    },
    due: async (seconds: number) => (await due(seconds)).map(({ eventId }) => eventId),
    /** Has an attempt of what is due end, to be tried again then, or never. */
    async finish(id: string, again?: number) {
      const delivery = (await due(9_999)).find(({ eventId }) => eventId === id);
      if (delivery === undefined) throw new Error(`${id} is not due`);
      const attempt = { time: start, status: 204, durationMs: 1, error: '' };
      const next =
        again === undefined
          ? ({ state: 'DELIVERED' } as const)
          : ({ state: 'PENDING', nextAttemptTime: at(again) } as const);
      await deliveries.noteAttempt({ delivery, attempt, next }, await leased());
    },
    release: async () => {
      const present = await leased();
      await deliveries.release(present, present.health, at(9_999));
    },
  };
}

test('what an operator asks for is sent first, then what happens, then what is replayed', async () => {
  const store = usedStore();
  await store.replay(1, 'old-1', 'old-2');
  await store.happen(2, 'new-1', 'new-2');
  await store.test(3, 'test');
  await store.retry(4, 'old-2');
  expect(await store.due(5)).toEqual(['test', 'old-2', 'new-1', 'new-2', 'old-1']);
});

test('what happens gets ahead when a replay had it first', async () => {
  const store = usedStore();
  await store.replay(1, 'old', 'both');
  await store.happen(2, 'both');
  expect(await store.due(5)).toEqual(['both', 'old']);
  await store.finish('both');
  await store.happen(6, 'both');
  expect(await store.due(7)).toEqual(['old']);
});

test('what happens and isn’t sent yet keeps its place when a replay covers it', async () => {
  const store = usedStore();
  await store.happen(1, 'new-1');
  await store.happen(2, 'new-2');
  await store.replay(3, 'old', 'new-1');
  expect(await store.due(4)).toEqual(['new-1', 'new-2', 'old']);
});

test('what was sent before is part of a replay like anything else', async () => {
  const store = usedStore();
  await store.happen(1, 'sent');
  await store.finish('sent');
  await store.replay(2, 'old', 'sent');
  await store.happen(3, 'new');
  expect(await store.due(4)).toEqual(['new', 'sent', 'old']);
});

test('what comes twice in one commit is one delivery', async () => {
  const store = usedStore();
  await store.happen(1, 'twice', 'once', 'twice');
  expect((await store.due(2)).toSorted()).toEqual(['once', 'twice']);
});

test('what fails keeps its priority', async () => {
  const store = usedStore();
  await store.test(1, 'test');
  await store.happen(2, 'new-1', 'new-2');
  await store.finish('test', 5);
  await store.finish('new-1', 6);
  await store.replay(3, 'old');
  expect(await store.due(4)).toEqual(['new-2', 'old']);
  expect(await store.due(7)).toEqual(['test', 'new-2', 'new-1', 'old']);
});

/** Does the work, and explains the statement that it sent to find deliveries. */
async function planOf(work: () => Promise<unknown>) {
  const query = jest.spyOn(pg.Client.prototype, 'query');
  await work();
  const sent = query.mock.calls as unknown as [text: string, values: unknown[]][];
  const [text, values] = sent.find(([each]) => each.includes('LATERAL')) ?? [];
  query.mockRestore();
  const { rows } = await database.pool.query(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
    values,
  );
  const plan = rows[0]['QUERY PLAN'][0].Plan;
  return {
    indexes: Array.from(
      JSON.stringify(plan).matchAll(/"Index Name":"(deliveries_\w+)"/g),
      ([, name]) => name,
    ),
    pages: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'],
  };
}

test.each([['never analyzed'], ['analyzed']])(
  'of 100,000 pending deliveries only the next ones are read: %s',
  async (knowledge) => {
    const store = usedStore();
    await store.test(0, 'test');
    // Half of them failed, and are tried again later; half are replayed, and due.
    await database.pool.query(
      `INSERT INTO deliveries
         (webhook_id, event_id, event_type, body, state, priority, next_attempt_time, create_time)
       SELECT $1, n, '', '{}', 'PENDING', 1 + n % 2, $2::timestamptz + (1 - n % 2) * interval '1 day', $2
       FROM generate_series(1, 100000) AS n`,
      [webhookId, new Date(start)],
    );
    if (knowledge === 'analyzed') await database.pool.query('ANALYZE');
    const plans = [
      await planOf(async () => expect(await store.due(1)).toHaveLength(20)),
      await planOf(store.release),
    ];
    for (const { indexes, pages } of plans) {
      expect(indexes).toEqual(['deliveries_due']);
      expect(pages).toBeLessThan(100);
    }
  },
);
