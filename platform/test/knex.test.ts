import { expect, test } from '@jest/globals';
import { createTestDatabase } from '@loyalty/local/test-environment.ts';
import { createKnex } from '../src/postgres/knex.ts';
import { classify } from '../src/postgres/sqlstate.ts';

test('a transaction whose session ends while the process is busy can be tried again', async () => {
  const database = await createTestDatabase();
  const knex = createKnex({ url: database.url, max: 1, applicationName: 'test' });
  try {
    const failure = await knex
      .transaction(async (tx) => {
        await tx.raw("SET LOCAL idle_in_transaction_session_timeout = '20ms'");
        // The server ends the session, and the process reads nothing of it before its next statement.
        const busyUntilMs = performance.now() + 500;
        while (performance.now() < busyUntilMs);
        await tx.raw('SELECT 1');
      })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(classify(failure)).toBe('unavailable');
  } finally {
    await knex.destroy();
    await database.drop();
  }
});
