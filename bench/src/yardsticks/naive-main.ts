// N: the service that one would write first, with one transaction for each earn.
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import type { Pool } from 'pg';
import {
  type EarnHandler,
  type EarnServerSettings,
  earnResponse,
  pointsFor,
  readSettings,
  runEarnServer,
} from './earn-server.ts';

export interface NaiveSettings extends EarnServerSettings {
  databaseUrl: string;
}

/** As many transactions at once as pgbench has clients. */
const poolSize = 32;

const settings = readSettings<NaiveSettings>();
await runEarnServer({
  name: 'naive',
  settings,
  start: (logger) => {
    const url = settings.databaseUrl;
    const pool = createPool({ url, max: poolSize, applicationName: 'naive', logger });
    return Promise.resolve({ earn: earnFrom(pool), stop: () => pool.end() });
  },
});

function earnFrom(pool: Pool): EarnHandler {
  return async (request) => {
    const { programId, userId, transaction } = request;
    const points = pointsFor(request);
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const { rows } = await client.query<{ balance: bigint }>(
        'SELECT balance FROM accounts WHERE program_id = $1 AND user_id = $2 FOR UPDATE',
        [programId, userId],
      );
      const account = rows[0];
      if (account === undefined) throw new Error(`${userId} is not a member of ${programId}`);
      await client.query(
        `INSERT INTO earns (program_id, transaction_id, user_id, points, amount, currency_code)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [
          programId,
          transaction?.transactionId,
          userId,
          points,
          transaction?.amount?.minorUnits,
          transaction?.amount?.currencyCode,
        ],
      );
      const balance = account.balance + points;
      await client.query(
        'UPDATE accounts SET balance = $3 WHERE program_id = $1 AND user_id = $2',
        [programId, userId, balance],
      );
      await client.query('COMMIT');
      return earnResponse(request, { points, balance });
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  };
}
