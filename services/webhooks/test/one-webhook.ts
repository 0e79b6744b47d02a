import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { createTestDatabase } from '@loyalty/local/test-environment.ts';
import pg from 'pg';

/** The time of its creation. */
export const start = Date.UTC(2026, 0, 31);
export const webhookId = 'w-1';

/** A database for a test file's stores. Before each test there is one webhook in it, and nothing else. */
export function useOneWebhook(): { readonly pool: pg.Pool } {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let pool: pg.Pool;
  beforeAll(async () => {
    database = await createTestDatabase('webhooks');
    pool = new pg.Pool({ connectionString: database.url });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });
  beforeEach(async () => {
    await pool.query('TRUNCATE webhooks CASCADE');
    await pool.query(
      `INSERT INTO webhooks
         (webhook_id, program_id, url, description, event_types, state, secret, revision, create_time, update_time)
       VALUES ($1, 'p-1', 'https://shop.example/', '', '{}', 'ENABLED', '', 1, $2, $2)`,
      [webhookId, new Date(start)],
    );
  });
  return {
    get pool() {
      return pool;
    },
  };
}
