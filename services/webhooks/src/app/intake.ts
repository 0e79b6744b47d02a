import type { Instant } from '../domain/instant.ts';
import type { DeliveryStore, WebhookEvent } from './delivery-store.ts';

/** Where events come in. */
export interface Intake {
  /** Resolves once the event's deliveries are committed. */
  add(event: WebhookEvent): Promise<void>;
}

const batchMax = 200;

interface Waiting {
  readonly event: WebhookEvent;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers events that arrive while the previous commit runs, so that one commit takes many of them. */
export function createIntake({
  deliveries,
  clock,
  onAdded,
}: {
  deliveries: Pick<DeliveryStore, 'addAll'>;
  clock: () => Instant;
  /** Called after each commit. */
  onAdded: () => void;
}): Intake {
  let waiting: Waiting[] = [];
  let running = false;

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchMax);
      waiting = waiting.slice(batchMax);
      try {
        await deliveries.addAll(
          batch.map(({ event }) => event),
          clock(),
        );
        for (const { resolve } of batch) resolve();
        onAdded();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    running = false;
  }

  return {
    add(event) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push({ event, resolve, reject });
      if (!running) void run();
      return promise;
    },
  };
}
