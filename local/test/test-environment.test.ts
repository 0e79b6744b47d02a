import { describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase } from '../src/test-environment.ts';

describe('a test database', () => {
  test('takes rows, and is gone after it was dropped, open connections or not', async () => {
    const database = await createTestDatabase();
    const client = new pg.Client(database.url);
    client.on('error', () => {});
    await client.connect();
    await client.query('CREATE TABLE t (n int); INSERT INTO t VALUES (1)');
    await database.drop();
    await client.end();
    await expect(new pg.Client(database.url).connect()).rejects.toThrow('does not exist');
  });
});
