import { createLogger } from '@loyalty/platform/logging.ts';
import type { Nats } from '@loyalty/platform/messaging/connection.ts';
import { consume, type IncomingMessage } from '@loyalty/platform/messaging/consumer.ts';

/** Everything that comes on the stream of events from now on, in its order. */
export function receiveEvents(nats: Nats): {
  received: readonly IncomingMessage[];
  stop(): Promise<void>;
} {
  const received: IncomingMessage[] = [];
  const leaving = new AbortController();
  const consuming = consume({
    nats,
    stream: 'LOYALTY_EVENTS',
    durable: 'test',
    filter: 'loyalty.events.v1.>',
    batch: 100,
    maxAckPending: 1_000,
    ackWaitMs: 30_000,
    async handle(message) {
      received.push(message);
      return 'ack';
    },
    signal: leaving.signal,
    logger: createLogger({ name: 'test', level: 'silent' }),
  });
  return {
    received,
    async stop() {
      leaving.abort();
      await consuming;
    },
  };
}
