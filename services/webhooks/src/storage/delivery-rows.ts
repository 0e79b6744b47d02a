import { instant, instantOrUndefined } from '@loyalty/platform/postgres/timestamptz.ts';
import type { Attempt, Delivery, DeliveryState } from '../domain/delivery.ts';

export interface DeliveryRow {
  delivery_id: bigint;
  webhook_id: string;
  event_id: string;
  event_type: string;
  body: string;
  state: DeliveryState;
  round: number;
  attempt_count: number;
  next_attempt_time: Date | null;
  attempts: Attempt[];
  create_time: Date;
}

export const deliveryColumns = `deliveries.delivery_id, deliveries.webhook_id, deliveries.event_id, deliveries.event_type,
  deliveries.body, deliveries.state, deliveries.round, deliveries.attempt_count, deliveries.next_attempt_time,
  deliveries.attempts, deliveries.create_time`;

export function deliveryOf(row: DeliveryRow): Delivery {
  return {
    deliveryId: row.delivery_id,
    webhookId: row.webhook_id,
    eventId: row.event_id,
    eventType: row.event_type,
    body: row.body,
    state: row.state,
    round: row.round,
    attemptCount: row.attempt_count,
    nextAttemptTime: instantOrUndefined(row.next_attempt_time),
    attempts: row.attempts,
    createTime: instant(row.create_time),
  };
}
