import { patientCollect } from '@loyalty/platform/telemetry/patient-collect.ts';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { DeliveryStore } from './app/delivery-store.ts';
import type { WebhookStore } from './app/webhook-store.ts';
import type { Attempt, Outcome } from './domain/delivery.ts';

export interface DeliveryMetrics {
  onAttempt(attempt: Attempt, outcome: Outcome): void;
  onSkipped(): void;
}

/** Pending deliveries are counted up to this number, which bounds the time that the count takes. */
const pendingMax = 100_000;

/** Registers the metrics of webhooks. The gauges are the same at all replicas. */
export function registerDeliveryMetrics(
  registry: Registry,
  {
    deliveries,
    webhooks,
    clock,
  }: {
    deliveries: Pick<DeliveryStore, 'backlog'>;
    webhooks: Pick<WebhookStore, 'count'>;
    clock: () => number;
  },
): DeliveryMetrics {
  const durations = new Histogram({
    name: 'webhook_attempt_duration_seconds',
    help: 'Time until an endpoint responded, or until the attempt failed',
    labelNames: ['outcome'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30],
    registers: [registry],
  });
  const skipped = new Counter({
    name: 'webhook_events_skipped_total',
    help: 'Events that no webhook can get: of an unknown type, or unreadable',
    registers: [registry],
  });
  const collectBacklog = patientCollect(async () => {
    const now = clock();
    const { pending, nextTurn = now } = await deliveries.backlog({ limit: pendingMax });
    pendingGauge.set(pending);
    overdueGauge.set(Math.max(0, (now - nextTurn) / 1_000));
  });
  const pendingGauge: Gauge = new Gauge({
    name: 'webhook_deliveries_pending',
    help: `Deliveries to enabled webhooks that wait for an attempt, counted up to ${pendingMax}`,
    registers: [registry],
    collect: collectBacklog,
  });
  const overdueGauge: Gauge = new Gauge({
    name: 'webhook_turn_wait_seconds',
    help: 'How long the endpoint that has waited the longest for a worker has something to get',
    registers: [registry],
    collect: collectBacklog,
  });
  const webhooksGauge: Gauge<'state' | 'reason'> = new Gauge({
    name: 'webhooks',
    help: 'Webhooks, by state and why they are disabled',
    labelNames: ['state', 'reason'],
    registers: [registry],
    collect: patientCollect(async () => {
      const counts = await webhooks.count();
      webhooksGauge.reset();
      for (const { state, reason, count } of counts) webhooksGauge.set({ state, reason }, count);
    }),
  });
  return {
    onAttempt({ durationMs }, { kind }) {
      durations.observe({ outcome: kind.toLowerCase() }, durationMs / 1_000);
    },
    onSkipped: () => skipped.inc(),
  };
}
