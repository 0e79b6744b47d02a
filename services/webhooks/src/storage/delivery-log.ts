import {
  instantOrUndefined,
  type Timestamp,
  timestamptz,
} from '@loyalty/platform/postgres/timestamptz.ts';
import { pageOf } from '@loyalty/rules/page.ts';
import type { Pool } from 'pg';
import type { DeliveryStore } from '../app/delivery-store.ts';
import { type DeliveryRow, deliveryColumns, deliveryOf } from './delivery-rows.ts';
import { translated } from './storage-errors.ts';

/** What operators see of deliveries, and how long it is kept. */
export function createDeliveryLog(
  pool: Pool,
): Pick<DeliveryStore, 'list' | 'removeFinished' | 'backlog'> {
  return {
    async list({ webhookId, state, eventId, after, limit }) {
      const { rows } = await translated(
        pool.query<DeliveryRow>(
          `SELECT ${deliveryColumns} FROM deliveries
           WHERE webhook_id = $1 AND delivery_id < $2 AND ($3::text IS NULL OR state = $3)
             AND ($4::text IS NULL OR event_id = $4)
           ORDER BY delivery_id DESC LIMIT $5`,
          [webhookId, String(after ?? 2n ** 63n - 1n), state ?? null, eventId ?? null, limit + 1],
        ),
      );
      return pageOf(rows.map(deliveryOf), limit);
    },

    async removeFinished({ before, limit }) {
      const { rowCount } = await translated(
        pool.query(
          `DELETE FROM deliveries WHERE delivery_id = ANY (ARRAY(
             SELECT delivery_id FROM deliveries WHERE finish_time < $1
             ORDER BY finish_time LIMIT $2 FOR UPDATE SKIP LOCKED
           ))`,
          [timestamptz(before), limit],
        ),
      );
      return rowCount ?? 0;
    },

    async backlog({ limit }) {
      const { rows } = await translated(
        pool.query<{ pending: bigint; oldest: Timestamp | null }>(
          `SELECT count(*) AS pending,
             (SELECT min(due_time) FROM webhooks WHERE state = 'ENABLED'
                AND leased_until <= statement_timestamp() AND due_time < 'infinity') AS oldest
           FROM (
             SELECT FROM webhooks w JOIN deliveries d USING (webhook_id)
             WHERE w.state = 'ENABLED' AND d.state = 'PENDING' LIMIT $1
           ) AS pending`,
          [limit],
        ),
      );
      const { pending = 0n, oldest = null } = rows[0] ?? {};
      return { pending: Number(pending), nextTurn: instantOrUndefined(oldest) };
    },
  };
}
