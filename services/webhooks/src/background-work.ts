import { repeat } from '@loyalty/platform/repeat.ts';
import { advanceReplay } from './app/advance-replay.ts';
import { createIntake } from './app/intake.ts';
import type { Journal, JournalEvent } from './app/journal.ts';
import { consumeEvents, isTemporary } from './events/event-consumer.ts';
import { webhookEvent } from './events/webhook-event.ts';
import type { DeliveryWorkers } from './jobs/delivery-workers.ts';
import type { Runtime } from './runtime.ts';

const dayMs = 24 * 60 * 60 * 1_000;
/** Finished deliveries that one statement removes at most. */
const removedMax = 1_000;

/** Runs the workers, the consumer of events, replays, and the removal of deliveries whose time is over. */
export function startBackground(
  { config, logger, clock, deliveries, replays, nats, metrics, signal }: Runtime,
  { workers, journal }: { workers: DeliveryWorkers; journal: Journal },
): Promise<void>[] {
  const { wake: wakeWorkers } = workers;
  const { onSkipped } = metrics;
  const intake = createIntake({ deliveries, isTemporary, clock, onAdded: wakeWorkers });
  const readEvent = ({ headers, ...event }: JournalEvent) =>
    webhookEvent({ ...event, header: (name) => headers[name] });
  return [
    workers.run(),
    consumeEvents({ nats, intake, onSkipped, logger, signal }),
    repeat({
      name: 'advance-replays',
      pauseMs: 1_000,
      run: () => advanceReplay({ replays, journal, readEvent, clock, wakeWorkers }),
      logger,
      signal,
    }),
    repeat({
      name: 'remove-finished-deliveries',
      pauseMs: 10 * 60_000,
      async run() {
        const before = clock() - config.deliveryDays * dayMs;
        const removed = await deliveries.removeFinished({ before, limit: removedMax });
        return removed === removedMax;
      },
      logger,
      signal,
    }),
  ];
}
