import { timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import type { DbTransaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { DeliveryPriority } from '../domain/delivery.ts';
import { priorityNumbers } from './delivery-priorities.ts';

/**
 * Adds deliveries to one webhook; those that it has already begin anew, with the same id. One that is pending stays where it
 * is among those that wait, unless it gets ahead.
 */
export async function beginDeliveries(
  tx: DbTransaction,
  {
    webhookId,
    events,
    priority,
    now,
  }: {
    webhookId: string;
    events: readonly { eventId: string; type: string; body: string }[];
    priority: DeliveryPriority;
    now: Instant;
  },
): Promise<void> {
  await tx.query(
    `INSERT INTO deliveries (webhook_id, event_id, event_type, body, state, priority, next_attempt_time, create_time)
     SELECT $1, event_id, event_type, body, 'PENDING', $6, $5, $5
     FROM unnest($2::text[], $3::text[], $4::text[]) AS added (event_id, event_type, body)
     ON CONFLICT (webhook_id, event_id) DO UPDATE SET
       body = excluded.body, state = 'PENDING', round = deliveries.round + 1, attempt_count = 0,
       priority = CASE deliveries.state
         WHEN 'PENDING' THEN least(deliveries.priority, excluded.priority) ELSE excluded.priority
       END,
       next_attempt_time = least(deliveries.next_attempt_time, excluded.next_attempt_time), finish_time = NULL`,
    [
      webhookId,
      events.map(({ eventId }) => eventId),
      events.map(({ type }) => type),
      events.map(({ body }) => body),
      timestamptz(now),
      priorityNumbers[priority],
    ],
  );
}

/**
 * Makes workers look for the deliveries of these webhooks. Every transaction that adds some calls it, unconditionally: either
 * the update waits for the one that gives an endpoint back, or that one finds the deliveries. It is called before they are
 * added, because a transaction that locks a webhook after its deliveries can wait for one that does the opposite.
 */
export async function makeDue(
  tx: DbTransaction,
  { webhookIds, now }: { webhookIds: readonly string[]; now: Instant },
): Promise<void> {
  await tx.query(
    `UPDATE webhooks SET due_time = least(due_time, greatest($2, paused_until)) WHERE webhook_id = ANY ($1)`,
    [webhookIds, timestamptz(now)],
  );
}

/**
 * The same for an operator's request, which ends a pause: what was failing may have been repaired. Nor can a worker begin one
 * with what it learned before.
 */
export async function makeDueNow(
  tx: DbTransaction,
  { webhookId, now }: { webhookId: string; now: Instant },
): Promise<void> {
  await tx.query(
    `UPDATE webhooks SET paused_until = '-infinity', unreachable_count = 0, resume_count = resume_count + 1,
       due_time = least(due_time, $2)
     WHERE webhook_id = $1`,
    [webhookId, timestamptz(now)],
  );
}
