import { addAbortListener } from 'node:events';
import {
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
  Match,
  type NatsConnection,
  type Subscription,
} from 'nats';
import type { Logger } from '../logging.ts';
import { abortable, backoffMs, pause } from '../waiting.ts';
import type { Nats } from './connection.ts';
import { type DurableOptions, ensureDurable } from './jetstream.ts';

export interface IncomingMessage {
  subject: string;
  data: Uint8Array;
  /** The value of a header, whatever the case of its name. */
  header(name: string): string | undefined;
  /** In the stream, from 1. */
  sequence: number;
  /** 1 at the first delivery. */
  deliveries: number;
  /** When the stream stored the message. */
  storeTime: Date;
}

/**
 * The outcome of a message: `ack` means that it is done, `{nakAfterMs}` that it is redelivered after that time, `term`
 * it is given up. Every delayed one counts against `maxAckPending` while it waits, so that a delay is only for
 * trouble that holds up all messages alike.
 */
export type Verdict = 'ack' | 'term' | { nakAfterMs: number };

export interface ConsumeOptions extends DurableOptions {
  nats: Nats;
  /** The maximum number of messages that are handled at once; up to as many more are fetched ahead. */
  batch: number;
  /** Called for many messages at the same time. A rejection is logged and the message comes again. */
  handle(message: IncomingMessage): Promise<Verdict>;
  signal: AbortSignal;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** How long one pull request waits at the server; missing heartbeats are noticed within this time. */
const pullExpiresMs = 5_000;

/** How long the server may take to confirm that it has stopped sending. */
const drainMs = 1_000;

/**
 * Consumes a stream through a durable consumer, which replicas share, until the signal aborts: then it finishes
 * what is being handled, gives the rest back and resolves. Lost connections, a deleted consumer or stream only
 * interrupt it.
 */
export async function consume(options: ConsumeOptions): Promise<void> {
  await supervise(options, options.durable, async (connection) => {
    await ensureDurable(connection, options);
    const consumer = await connection.jetstream().consumers.get(options.stream, options.durable);
    const messages = await consumer.consume({
      max_messages: options.batch,
      expires: pullExpiresMs,
      abort_on_missing_resource: true,
    });
    await handleAll(messages, connection, options);
  });
}

async function handleAll(
  messages: ConsumerMessages,
  connection: NatsConnection,
  options: ConsumeOptions,
): Promise<void> {
  const { signal, batch } = options;
  const stop = () => void drain(messages);
  using _stopping = addAbortListener(signal, stop);
  // The iterator of a connection that was closed for good would wait forever.
  void connection.closed().then(stop);
  let handled = 0;
  let room = Promise.withResolvers<void>();
  try {
    for await (const message of messages) {
      if (signal.aborted) {
        message.nak();
        continue;
      }
      handled += 1;
      void handleMessage(message, options).then(() => {
        handled -= 1;
        room.resolve();
      });
      while (handled >= batch) {
        await room.promise;
        room = Promise.withResolvers();
      }
    }
  } finally {
    while (handled > 0) {
      await room.promise;
      room = Promise.withResolvers();
    }
  }
}

/**
 * Ends the iteration after what the server has sent. `stop()` alone would drop the messages that are on their way,
 * and those would come again only after `ackWaitMs`; the subscription, which can be drained, is not in its type.
 */
async function drain(messages: ConsumerMessages): Promise<void> {
  const { sub } = messages as ConsumerMessages & { sub: Subscription };
  await abortable(sub.drain(), AbortSignal.timeout(drainMs)).catch(() => undefined);
  messages.stop();
}

async function handleMessage(message: JsMsg, options: ConsumeOptions): Promise<void> {
  let verdict: Verdict;
  try {
    verdict = await options.handle(incoming(message));
  } catch (error) {
    verdict = { nakAfterMs: backoffMs(message.info.redeliveryCount) };
    const { subject, seq: sequence } = message;
    options.logger.error(
      { err: error, subject, sequence, ...verdict },
      'a message was not handled',
    );
  }
  if (verdict === 'ack') message.ack();
  else if (verdict === 'term') message.term();
  else message.nak(verdict.nakAfterMs);
}

export interface FollowOptions {
  nats: Nats;
  stream: string;
  /** Subject, may have wildcards. */
  filter: string;
  /** Called for one message after the other, in the stream's order; a rejection starts all over after a pause. */
  handle(message: IncomingMessage): Promise<void>;
  signal: AbortSignal;
  logger: Pick<Logger, 'info' | 'warn'>;
}

/**
 * Follows a stream in order until the signal aborts, beginning with the last message of each subject. It leaves
 * no trace on the server: every process sees everything, and after an interruption the last ones again.
 */
export async function followLatest(options: FollowOptions): Promise<void> {
  const { stream, filter, signal } = options;
  await supervise(options, filter, async (connection) => {
    const consumer = await connection.jetstream().consumers.get(stream, {
      filterSubjects: filter,
      deliver_policy: DeliverPolicy.LastPerSubject,
    });
    const messages = await consumer.consume({ max_messages: 100, expires: pullExpiresMs });
    const stop = () => messages.stop();
    using _stopping = addAbortListener(signal, stop);
    void connection.closed().then(stop);
    try {
      for await (const message of messages) {
        if (signal.aborted) break;
        await options.handle(incoming(message));
      }
    } finally {
      messages.stop();
    }
  });
}

function incoming(message: JsMsg): IncomingMessage {
  const { subject, data, headers, info } = message;
  return {
    subject,
    data,
    header: (name) => headers?.get(name, Match.IgnoreCase) || undefined,
    sequence: info.streamSequence,
    deliveries: info.redeliveryCount,
    storeTime: new Date(info.timestampNanos / 1e6),
  };
}

/** Runs a session again and again until the signal aborts, with growing pauses while it keeps failing. */
async function supervise(
  { nats, signal, logger }: Pick<FollowOptions, 'nats' | 'signal' | 'logger'>,
  name: string,
  session: (connection: NatsConnection) => Promise<void>,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const began = performance.now();
    try {
      await session(await nats.connection({ signal }));
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ err: error, consumer: name }, 'consuming was interrupted');
    }
    failures = performance.now() - began > 60_000 ? 0 : failures + 1;
    await pause(backoffMs(failures), signal);
    // The stream may be what was missing.
    await abortable(nats.checkStreams(), signal).catch(() => undefined);
  }
}
