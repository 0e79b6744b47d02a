import { StorageUnavailable } from '@loyalty/platform/errors.ts';
import type { Logger } from '@loyalty/platform/logging.ts';
import type { Nats } from '@loyalty/platform/messaging/connection.ts';
import {
  consume,
  type IncomingMessage,
  type Verdict,
} from '@loyalty/platform/messaging/consumer.ts';
import { eventsStream } from '@loyalty/platform/messaging/streams.ts';
import { Contention } from '@loyalty/rules/contention.ts';
import type { WebhookEvent } from '../app/delivery-store.ts';
import type { Intake } from '../app/intake.ts';
import { webhookEvent } from './webhook-event.ts';

export interface EventConsumerOptions {
  nats: Nats;
  intake: Intake;
  /** Called for each event that can't be delivered to anyone: its type isn't known, or it can't be read. */
  onSkipped: () => void;
  logger: Logger;
  signal: AbortSignal;
}

/** The consumer that all replicas share. */
const durable = 'webhooks';
const filter = 'loyalty.events.v1.>';
/** Handled at once, so that they share commits. */
const batch = 500;
/** Those that are handled, as many fetched ahead, and room for redelivered ones. */
const maxAckPending = 2_000;
const ackWaitMs = 30_000;
/** After which an event comes again that couldn't be stored now. */
const unavailableMs = 2_000;

/**
 * Takes events from the stream, until the signal aborts. An event is acknowledged once its deliveries are committed; if it is
 * redelivered after that, it has no effect.
 */
export function consumeEvents(options: EventConsumerOptions): Promise<void> {
  const { nats, signal, logger } = options;
  return consume({
    nats,
    stream: eventsStream.name,
    durable,
    filter,
    batch,
    maxAckPending,
    ackWaitMs,
    handle: (message) => handle(message, options),
    signal,
    logger,
  });
}

/** Whether an event that couldn't be stored can be stored later. */
export function isTemporary(error: unknown): boolean {
  return error instanceof StorageUnavailable || error instanceof Contention;
}

async function handle(message: IncomingMessage, options: EventConsumerOptions): Promise<Verdict> {
  const event = readEvent(message, options);
  if (event === undefined) {
    options.onSkipped();
    return 'ack';
  }
  try {
    await options.intake.add(event);
    return 'ack';
  } catch (error) {
    if (!isTemporary(error)) throw error;
    return { nakAfterMs: unavailableMs };
  }
}

// Skips an event that can't be read, which would otherwise be redelivered without end.
function readEvent(
  message: IncomingMessage,
  { logger }: EventConsumerOptions,
): WebhookEvent | undefined {
  try {
    return webhookEvent(message);
  } catch (error) {
    const { subject, sequence } = message;
    logger.error({ err: error, subject, sequence }, 'an event could not be read and is skipped');
    return undefined;
  }
}
