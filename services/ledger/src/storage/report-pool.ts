import { createPool, type PoolOptions } from '@loyalty/platform/postgres/pool.ts';
import type { Client, Pool } from 'pg';
import { reportSession } from './application-session.ts';

/** A connection for reports. Those that serve calls are never busy with them. */
export interface ReportPool {
  readonly pool: Pool;
  /** Ends a report that is under way: a process that stops doesn't wait for it. */
  close(): Promise<void>;
}

export function createReportPool(options: Omit<PoolOptions, 'max'>): ReportPool {
  const pool = createPool({ ...options, url: reportSession(options.url), max: 1 });
  const clients = new Set<Client>();
  pool.on('connect', (client) => clients.add(client as unknown as Client));
  pool.on('remove', (client) => clients.delete(client as unknown as Client));
  return {
    pool,
    async close() {
      await Promise.all(Array.from(clients, (client) => client.end()));
      await pool.end();
    },
  };
}
