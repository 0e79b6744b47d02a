import { timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import { transaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { Pool } from 'pg';
import type { DeliveryStore, WebhookEvent } from '../app/delivery-store.ts';
import type { Announcing } from '../app/disabled-webhook.ts';
import { wants } from '../domain/webhook.ts';
import { createDeliveryLog } from './delivery-log.ts';
import { eachPriority, priorityNumbers } from './delivery-priorities.ts';
import { type DeliveryRow, deliveryColumns, deliveryOf } from './delivery-rows.ts';
import { beginDeliveries, makeDue, makeDueNow } from './delivery-writes.ts';
import { createEndpointLeases } from './endpoint-leases.ts';
import {
  type LeasedEndpointRow,
  leasedEndpointColumns,
  leasedEndpointOf,
} from './leased-endpoint-rows.ts';
import { translated } from './storage-errors.ts';

/** The most attempts that a delivery's log keeps: the newest. */
const attemptsKept = 20;

/** Deliveries in PostgreSQL. */
export function createDeliveryStore(pool: Pool, announcing: Announcing): DeliveryStore {
  return {
    ...createEndpointLeases(pool, announcing),
    ...createDeliveryLog(pool),

    addAll: (events, now) =>
      events.length === 0 ? Promise.resolve() : translated(addAll(pool, events, now)),

    deliver: (webhookId, event, now) =>
      translated(
        transaction(pool, async (tx) => {
          await makeDueNow(tx, { webhookId, now });
          await beginDeliveries(tx, { webhookId, events: [event], priority: 'URGENT', now });
          const { rows } = await tx.query<DeliveryRow>(
            `SELECT ${deliveryColumns} FROM deliveries WHERE webhook_id = $1 AND event_id = $2`,
            [webhookId, event.eventId],
          );
          const [delivery] = rows.map(deliveryOf);
          if (delivery === undefined) throw new Error('no delivery was written');
          return delivery;
        }),
      ),

    retry: ({ webhookId, deliveryId }, now) =>
      translated(
        transaction(pool, async (tx) => {
          const { rowCount } = await tx.query(
            'SELECT FROM deliveries WHERE delivery_id = $1 AND webhook_id = $2',
            [String(deliveryId), webhookId],
          );
          if (rowCount === 0) return undefined;
          await makeDueNow(tx, { webhookId, now });
          const { rows } = await tx.query<DeliveryRow>(
            `UPDATE deliveries SET state = 'PENDING', round = round + 1, attempt_count = 0, priority = $4,
               next_attempt_time = $3, finish_time = NULL
             WHERE delivery_id = $1 AND webhook_id = $2
             RETURNING ${deliveryColumns}`,
            [String(deliveryId), webhookId, timestamptz(now), priorityNumbers.URGENT],
          );
          return rows.map(deliveryOf)[0];
        }),
      ),

    async due({ endpoint: { webhookId, lease }, now, limit }) {
      const { rows } = await translated(
        pool.query<LeasedEndpointRow & (DeliveryRow | { delivery_id: null })>(
          // The endpoint's columns come last: its webhook_id is there without deliveries too.
          `SELECT ${deliveryColumns}, ${leasedEndpointColumns}
           FROM webhooks LEFT JOIN LATERAL (
             SELECT oldest.* FROM ${eachPriority}, LATERAL (
               SELECT * FROM deliveries
               WHERE webhook_id = $1 AND state = 'PENDING' AND priority = each.priority AND next_attempt_time <= $3
               ORDER BY next_attempt_time, delivery_id LIMIT $4
             ) AS oldest
             ORDER BY priority, next_attempt_time, delivery_id LIMIT $4
           ) AS deliveries USING (webhook_id)
           WHERE webhook_id = $1 AND lease = $2 AND webhooks.state = 'ENABLED'
           ORDER BY priority, next_attempt_time, delivery_id`,
          [webhookId, lease, timestamptz(now), limit],
        ),
      );
      return {
        endpoint: rows.map(leasedEndpointOf)[0],
        deliveries: rows.filter((row) => row.delivery_id !== null).map(deliveryOf),
      };
    },

    async noteAttempt({ delivery: { deliveryId, round }, attempt, next }, { webhookId, lease }) {
      const isPending = next.state === 'PENDING';
      const { rows } = await translated(
        pool.query<LeasedEndpointRow>(
          `WITH recorded AS (
             UPDATE deliveries SET state = $3, attempt_count = attempt_count + 1, next_attempt_time = $4, finish_time = $5,
               attempts = CASE WHEN jsonb_array_length(attempts) >= $7 THEN attempts - 0 ELSE attempts END || $6::jsonb
             WHERE delivery_id = $1 AND round = $2 AND state = 'PENDING'
           )
           SELECT ${leasedEndpointColumns} FROM webhooks WHERE webhook_id = $8 AND lease = $9 AND state = 'ENABLED'`,
          [
            String(deliveryId),
            round,
            next.state,
            isPending ? timestamptz(next.nextAttemptTime) : null,
            isPending ? null : timestamptz(attempt.time + attempt.durationMs),
            JSON.stringify([attempt]),
            attemptsKept,
            webhookId,
            lease,
          ],
        ),
      );
      return rows.map(leasedEndpointOf)[0];
    },
  };
}

async function addAll(pool: Pool, added: readonly WebhookEvent[], now: Instant): Promise<void> {
  // The stream can deliver an event again while the first is still on its way here.
  const events = [...new Map(added.map((event) => [event.eventId, event])).values()];
  const programIds = [...new Set(events.map(({ programId }) => programId))];
  await transaction(pool, async (tx) => {
    // Locked in one order, before their deliveries, and until the commit: a worker that gives an endpoint back after it finds what
    // is added here.
    const { rows: webhooks } = await tx.query<{
      webhook_id: string;
      program_id: string;
      event_types: string[];
    }>(
      `SELECT webhook_id, program_id, event_types FROM webhooks
       WHERE program_id = ANY ($1) AND state = 'ENABLED'
       ORDER BY webhook_id FOR NO KEY UPDATE`,
      [programIds],
    );
    const pairs = events.flatMap(({ programId, type }, index) =>
      webhooks
        .filter(({ program_id }) => program_id === programId)
        .filter(({ event_types }) => wants({ eventTypes: event_types }, type))
        .map(({ webhook_id }) => ({ webhookId: webhook_id, ordinality: index + 1 })),
    );
    if (pairs.length === 0) return;
    await tx.query({
      name: 'add-deliveries',
      text: `INSERT INTO deliveries (webhook_id, event_id, event_type, body, state, priority, next_attempt_time, create_time)
       SELECT webhook_id, event_id, event_type, body, 'PENDING', $7, $6, $6
       FROM unnest($1::text[], $2::bigint[]) AS pairs (webhook_id, ordinality)
       JOIN unnest($3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS events (event_id, event_type, body) USING (ordinality)
       ON CONFLICT (webhook_id, event_id) DO UPDATE SET priority = excluded.priority
       WHERE deliveries.state = 'PENDING' AND deliveries.priority > excluded.priority`,
      values: [
        pairs.map(({ webhookId }) => webhookId),
        pairs.map(({ ordinality }) => ordinality),
        events.map(({ eventId }) => eventId),
        events.map(({ type }) => type),
        events.map(({ body }) => body),
        timestamptz(now),
        priorityNumbers.LIVE,
      ],
    });
    const webhookIds = [...new Set(pairs.map(({ webhookId }) => webhookId))];
    await makeDue(tx, { webhookIds, now });
  });
}
