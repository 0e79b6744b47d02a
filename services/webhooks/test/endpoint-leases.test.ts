import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase } from '@loyalty/local/test-environment.ts';
import pg from 'pg';
import { createDeliveryStore } from '../src/storage/delivery-store.ts';
import { createEndpointLeases } from '../src/storage/endpoint-leases.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase('webhooks');
  pool = new pg.Pool({ connectionString: database.url, max: 1 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const now = Date.UTC(2026, 0, 31);
const query = { limit: 100, served: [], perProgramMax: 25, now, leaseMs: 10_000 };

/** Has so many webhooks, of ten programs, that became due at once: statistics are from when none was. */
async function haveDue(count: number): Promise<void> {
  await pool.query('TRUNCATE webhooks CASCADE');
  await pool.query(
    `INSERT INTO webhooks
       (webhook_id, program_id, url, description, event_types, state, secret, revision, create_time, update_time)
     SELECT gen_random_uuid(), 'p-' || n % 10, 'https://shop.example/', '', '{}', 'ENABLED', '', 1, $2, $2
     FROM generate_series(1, $1::integer) AS n`,
    [count, new Date(now)],
  );
  await pool.query(`ANALYZE webhooks`);
  await pool.query(`UPDATE webhooks SET due_time = $1`, [new Date(now)]);
}

const silent = { encodeDisabled: () => new Uint8Array(), wakeRelay: () => {} };
const leases = () => createEndpointLeases(pool, silent);

test('of one program not more are leased than it may have, with those served already', async () => {
  await haveDue(1_000);
  const served = Array.from({ length: 20 }, () => ({ programId: 'p-1' }));
  const leased = await leases().lease({ ...query, limit: 1_000, served });
  const counts = Map.groupBy(leased, ({ programId }) => programId);
  expect(leased).toHaveLength(9 * 25 + 5);
  expect(counts.get('p-1')).toHaveLength(5);
});

test('a lease takes time in proportion to the endpoints that are due', async () => {
  await pool.query('ALTER TABLE webhooks SET (autovacuum_enabled = false)');
  const leastMs = async () => {
    const taken: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const began = performance.now();
      expect(await leases().lease(query)).toHaveLength(100);
      taken.push(performance.now() - began);
      await pool.query(`UPDATE webhooks SET lease = NULL, leased_until = '-infinity'`);
    }
    return Math.min(...taken);
  };
  await haveDue(100);
  const few = await leastMs();
  await haveDue(3_200);
  // Were each compared with each other, it would be 1,024 times as much.
  expect(await leastMs()).toBeLessThan(few * 32 * 2);
});

test.each([
  ['a test', true],
  ['nothing', false],
])('a pause that a worker has learned before %s was asked for', async (_, isAsked) => {
  await haveDue(1);
  const deliveries = createDeliveryStore(pool, silent);
  const [leased] = await deliveries.lease(query);
  if (leased === undefined) throw new Error('nothing was leased');
  const { webhookId, programId, health } = leased;
  const learned = { ...health, failingSince: now, unreachableCount: 5, pausedUntil: now + 60_000 };
  const event = { programId, eventId: 'test-1', type: 'webhook.test', body: '{}' };
  if (isAsked) await deliveries.deliver(webhookId, event, now);
  await deliveries.release(leased, learned, now);
  expect(await deliveries.lease(query)).toMatchObject(
    isAsked ? [{ webhookId, health: { failingSince: now, unreachableCount: 0 } }] : [],
  );
});
