import { randomUUID } from 'node:crypto';
import {
  instantOrUndefined,
  timestamptz,
  timestamptzOrNull,
} from '@loyalty/platform/postgres/timestamptz.ts';
import { transaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Pool } from 'pg';
import type { DeliveryStore, LeasedEndpoint } from '../app/delivery-store.ts';
import type { Announcing } from '../app/disabled-webhook.ts';
import { disableWebhook } from './disable-webhook.ts';
import { translated } from './storage-errors.ts';
import { type SecretColumns, secretsOf } from './webhook-rows.ts';

interface LeasedRow extends SecretColumns {
  webhook_id: string;
  program_id: string;
  url: string;
  failing_since: Date | null;
  unreachable_count: number;
}

/**
 * Which worker has which endpoint. A lease ends by itself, so that the endpoints of a process that was killed are served by
 * another one; requests that a frozen process then sends are repeats, which receivers recognize by their ids.
 */
export function createEndpointLeases(
  pool: Pool,
  announcing: Announcing,
): Pick<DeliveryStore, 'lease' | 'release'> {
  return {
    async lease({ limit, now, leaseMs }) {
      const lease = randomUUID();
      const { rows } = await translated(
        pool.query<LeasedRow>(
          `UPDATE webhooks SET lease = $1, leased_until = $2 WHERE webhook_id = ANY (ARRAY(
             SELECT webhook_id FROM webhooks
             WHERE state = 'ENABLED' AND due_time <= $3 AND leased_until <= $3
             ORDER BY due_time LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED
           ))
           RETURNING webhook_id, program_id, url, secret, previous_secret, previous_secret_until, failing_since,
             unreachable_count`,
          [lease, timestamptz(now + leaseMs), timestamptz(now), limit],
        ),
      );
      return rows.map(
        (row): LeasedEndpoint => ({
          webhookId: row.webhook_id,
          programId: row.program_id,
          url: row.url,
          secrets: secretsOf(row),
          health: {
            failingSince: instantOrUndefined(row.failing_since),
            unreachableCount: row.unreachable_count,
            // It is over, or the endpoint wouldn't be due.
            pausedUntil: undefined,
            disable: undefined,
          },
          lease,
        }),
      );
    },

    async release({ webhookId, lease }, health, now) {
      const isAnnounced = await translated(
        transaction(pool, async (tx) => {
          const { failingSince, unreachableCount, pausedUntil, disable } = health;
          const { rowCount } = await tx.query(
            `UPDATE webhooks SET lease = NULL, leased_until = '-infinity', failing_since = $3, unreachable_count = $4,
               paused_until = coalesce($5, '-infinity'::timestamptz)
             WHERE webhook_id = $1 AND lease = $2`,
            [
              webhookId,
              lease,
              timestamptzOrNull(failingSince),
              unreachableCount,
              timestamptzOrNull(pausedUntil),
            ],
          );
          // Another worker has it, or nobody: it was deleted.
          if (rowCount === 0) return false;
          // A statement of its own, which sees what was committed before the one above had the lock.
          // Not before now, so that an endpoint with more to come is behind all that wait for their turn.
          await tx.query(
            `UPDATE webhooks SET due_time = greatest($2, paused_until, coalesce((
               SELECT min(next_attempt_time) FROM deliveries
               WHERE deliveries.webhook_id = webhooks.webhook_id AND state = 'PENDING'
             ), 'infinity'))
             WHERE webhook_id = $1`,
            [webhookId, timestamptz(now)],
          );
          if (disable === undefined) return false;
          const disabled = { webhookId, reason: disable, failingSince, disabledAt: now };
          return await disableWebhook(tx, disabled, announcing);
        }),
      );
      if (isAnnounced) announcing.wakeRelay();
    },
  };
}
