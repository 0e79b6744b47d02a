import { expect, test } from '@jest/globals';
import { createReplayStore } from '../src/storage/replay-store.ts';
import { start as now, useOneWebhook, webhookId } from './one-webhook.ts';

const database = useOneWebhook();

const query = { now, leaseMs: 60_000, pendingMax: 2 };
const eventOf = (eventId: string) => ({ eventId, type: 'points.earned', body: '{}' });
const page = (...ids: string[]) => ({
  events: ids.map(eventOf),
  next: { kind: 'PAGE', pageToken: 'more' } as const,
  now,
});

/** A store with a replay that a worker has. */
async function begunReplay() {
  const replays = createReplayStore(database.pool);
  await replays.begin(webhookId, { userId: 'alice', fromSequence: 0n }, now);
  const replay = await replays.lease(query);
  if (replay === undefined) throw new Error('there is no replay');
  return { replays, replay };
}

const pending = async () => {
  const { rows } = await database.pool.query<{ event_id: string }>(
    `SELECT event_id FROM deliveries WHERE state = 'PENDING' ORDER BY event_id`,
  );
  return rows.map(({ event_id }) => event_id);
};

test('no more is read while the endpoint is behind', async () => {
  const { replays, replay } = await begunReplay();
  await replays.advance(replay, page('e-1', 'e-2', 'e-3'));
  expect(await replays.lease(query)).toBeUndefined();
  // What is tried again later holds up nothing.
  await database.pool.query(
    `UPDATE deliveries SET next_attempt_time = 'infinity' WHERE event_id = 'e-1'`,
  );
  expect(await replays.lease(query)).toMatchObject({ pageToken: 'more' });
});

test('a replay waits while its webhook is disabled', async () => {
  const { replays, replay } = await begunReplay();
  const set = (state: string, reason: string | null) =>
    database.pool.query('UPDATE webhooks SET state = $1, disable_reason = $2', [state, reason]);
  await set('DISABLED', 'GONE');
  await replays.advance(replay, page('e-1'));
  expect(await pending()).toEqual([]);
  await database.pool.query(`UPDATE replays SET leased_until = '-infinity'`);
  expect(await replays.lease(query)).toBeUndefined();
  await set('ENABLED', null);
  expect(await replays.lease(query)).toMatchObject({ pageToken: '' });
});

test('a worker that was frozen changes nothing of what another one has', async () => {
  const { replays, replay } = await begunReplay();
  expect(await replays.lease(query)).toBeUndefined();
  await database.pool.query(`UPDATE replays SET leased_until = '-infinity'`);
  const other = await replays.lease(query);
  expect(other).toMatchObject({ pageToken: '' });
  await replays.noteFailure(replay, { error: 'late', retryTime: undefined, now });
  await replays.advance(replay, page('late'));
  expect(await pending()).toEqual([]);
  if (other === undefined) throw new Error('there is no replay');
  await replays.advance(other, page('e-1'));
  expect(await pending()).toEqual(['e-1']);
});
