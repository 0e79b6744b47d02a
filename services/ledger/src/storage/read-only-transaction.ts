import { type DbTransaction, transaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Pool } from 'pg';

/** A database transaction that sees everything as it was stored at one time, and in which PostgreSQL lets nothing be changed. */
export async function readOnlyTransaction<Result>(
  pool: Pool,
  read: (tx: DbTransaction) => Promise<Result>,
): Promise<Result> {
  return await transaction(pool, async (tx) => {
    const isolated = tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    const [result] = await Promise.all([read(tx), isolated]);
    return result;
  });
}
