import type { Instant } from '@loyalty/rules/instant.ts';
import type { DeliveryStore, WebhookEvent } from './delivery-store.ts';

/** Where events come in. */
export interface Intake {
  /** Resolves once the event's deliveries are committed. */
  add(event: WebhookEvent): Promise<void>;
}

/** Events of one commit, and how much memory their bodies may take. */
const batchMax = 200;
const batchBytesMax = 8 * 1024 * 1024;

interface Waiting {
  readonly event: WebhookEvent;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers events that arrive while the previous commit runs, so that one commit takes many of them. */
export function createIntake({
  deliveries,
  isTemporary,
  clock,
  onAdded,
}: {
  deliveries: Pick<DeliveryStore, 'addAll'>;
  /** Whether the same events can be added later. */
  isTemporary: (error: unknown) => boolean;
  clock: () => Instant;
  /** Called after each commit. */
  onAdded: () => void;
}): Intake {
  let waiting: Waiting[] = [];
  let running = false;

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchLength(waiting));
      waiting = waiting.slice(batch.length);
      try {
        await commit(batch);
      } catch (error) {
        if (batch.length === 1 || isTemporary(error)) {
          for (const { reject } of batch) reject(error);
        } else {
          // One that can't be stored takes none of the others with it.
          for (const one of batch) await commit([one]).catch(one.reject);
        }
      }
    }
    running = false;
  }

  async function commit(batch: readonly Waiting[]): Promise<void> {
    await deliveries.addAll(
      batch.map(({ event }) => event),
      clock(),
    );
    for (const { resolve } of batch) resolve();
    onAdded();
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

/** How many of those that wait one commit takes: one at least. */
function batchLength(waiting: readonly Waiting[]): number {
  let bytes = 0;
  for (const [index, { event }] of waiting.slice(0, batchMax).entries()) {
    bytes += event.body.length;
    if (bytes > batchBytesMax) return Math.max(1, index);
  }
  return Math.min(waiting.length, batchMax);
}
