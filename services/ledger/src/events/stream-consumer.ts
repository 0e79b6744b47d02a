import type { Logger } from '@loyalty/platform/logging.ts';
import type { Nats } from '@loyalty/platform/messaging/connection.ts';
import {
  consume,
  type IncomingMessage,
  type Verdict,
} from '@loyalty/platform/messaging/consumer.ts';
import { incomingStream } from '@loyalty/platform/messaging/streams.ts';
import type { MessagingApp } from '../app/app.ts';
import { applyMessage, type Outcome, unforeseenFailure } from '../app/apply-message.ts';
import type { StreamMessage } from '../app/stream-message.ts';
import { LedgerUnavailable } from '../domain/errors.ts';
import { textOfHeader } from '../messages/header-text.ts';

export interface StreamConsumerOptions {
  nats: Nats;
  /** Name of the consumer that all replicas share. */
  durable: string;
  /** The subjects that it takes. */
  filter: string;
  logger: Logger;
  signal: AbortSignal;
}

/** How many messages are handled at once, so that they share commits. */
const batch = 500;
/** Enough for the messages that are handled, as many that are fetched ahead, and redelivered ones. */
const maxAckPending = 2_000;
const ackWaitMs = 30_000;
const nakMsMax = 30_000;

/**
 * Applies the messages of the incoming stream, until the signal aborts. A message is acknowledged once its effect, or
 * its dead letter, is committed; one that comes again after that changes nothing.
 */
export function consumeStream(app: MessagingApp, options: StreamConsumerOptions): Promise<void> {
  const { nats, durable, filter, signal, logger } = options;
  return consume({
    nats,
    stream: incomingStream.name,
    durable,
    filter,
    batch,
    maxAckPending,
    ackWaitMs,
    handle: (incoming) => handle(app, { incoming, logger }),
    signal,
    logger,
  });
}

async function handle(
  app: MessagingApp,
  { incoming, logger }: { incoming: IncomingMessage; logger: Logger },
): Promise<Verdict> {
  const message = streamMessage(incoming);
  const { deliveries } = incoming;
  try {
    const { about, failure } = await outcomeOf(app, { message, deliveries, logger });
    if (failure === undefined) return 'ack';
    await app.deadLetters.keep({ message, about, failure });
    const { state, reason } = failure;
    const { subject, streamSequence } = message;
    logger.warn({ subject, streamSequence, state, reason }, 'a message could not be applied');
    return 'ack';
  } catch (error) {
    if (!(error instanceof LedgerUnavailable)) throw error;
    const { retryAfterMs = 1_000 } = error;
    return {
      nakAfterMs: Math.min(retryAfterMs * 2 ** Math.min(incoming.deliveries, 10), nakMsMax),
    };
  }
}

async function outcomeOf(
  app: MessagingApp,
  { message, deliveries, logger }: { message: StreamMessage; deliveries: number; logger: Logger },
): Promise<Outcome> {
  try {
    return await applyMessage(app, message, 1);
  } catch (error) {
    if (error instanceof LedgerUnavailable) throw error;
    const failure = unforeseenFailure({ attempt: deliveries, now: app.clock() });
    // The stream delivers it again.
    if (failure.state === 'WAITING') throw error;
    const { subject, streamSequence } = message;
    logger.error({ err: error, subject, streamSequence }, 'a message keeps failing');
    return { about: app.readMessage(message).about, failure };
  }
}

function streamMessage(incoming: IncomingMessage): StreamMessage {
  const { subject, data, sequence, storeTime } = incoming;
  return {
    subject,
    contentType: incoming.header('content-type') ?? '',
    payload: data,
    streamSequence: sequence,
    streamTime: storeTime.getTime(),
    author: {
      actor: actorOf(incoming.header('x-actor')),
      requestId: requestIdOf(incoming),
    },
  };
}

const requestIdPattern = /^[\w.:/+=@-]{1,128}$/;
const actorPattern = /^service:\P{C}{1,255}$/u;

// Only backends publish on this stream, so that no message can speak for a member or an operator.
function actorOf(header: string | undefined): string {
  const actor = header === undefined ? undefined : textOfHeader(header);
  return actor !== undefined && actorPattern.test(actor) ? actor : 'service:jetstream';
}

function requestIdOf(incoming: IncomingMessage): string {
  const requestId = incoming.header('x-request-id');
  return requestId !== undefined && requestIdPattern.test(requestId)
    ? requestId
    : `${incomingStream.name}:${incoming.sequence}`;
}
