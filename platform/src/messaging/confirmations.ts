import { createInbox, type Msg, type NatsConnection } from 'nats';
import { StorageUnavailable } from '../errors.ts';

export interface PublishReceipt {
  /** The message's sequence in its stream; when `duplicate`, that of the first one. */
  sequence: number;
  duplicate: boolean;
}

/** Where a connection's streams confirm what was published: one subscription for all messages. */
export interface Confirmations {
  /** The reply subject for one message, and the stream's reply on it. */
  expect(subject: string): { reply: string; confirmed: Promise<PublishReceipt> };
  /** Says that the message was never sent. */
  forget(reply: string): void;
}

interface Awaited {
  readonly dueMs: number;
  /** Undefined once it got its reply: a table that the Map no longer uses would keep all that waits for it from being collected. */
  publication: Publication | undefined;
}

/** A message that was published, and what waits for its receipt. */
interface Publication {
  readonly subject: string;
  readonly confirmed: PromiseWithResolvers<PublishReceipt>;
}

export function openConfirmations(connection: NatsConnection, timeoutMs: number): Confirmations {
  const inbox = createInbox();
  /** Keyed by reply subject; the oldest is the first, so it is due first. */
  const awaited = new Map<string, Awaited>();
  let last = 0;
  let watching = false;

  connection.subscribe(`${inbox}.*`, {
    callback(_error, message) {
      const publication = take(message.subject);
      if (publication === undefined) return;
      const { subject, confirmed } = publication;
      try {
        confirmed.resolve(receiptOf(message, subject));
      } catch (error) {
        confirmed.reject(error);
      }
    },
  });

  function take(reply: string): Publication | undefined {
    const entry = awaited.get(reply);
    if (entry === undefined) return undefined;
    awaited.delete(reply);
    const { publication } = entry;
    entry.publication = undefined;
    return publication;
  }

  function giveUpOverdue(): void {
    watching = false;
    const now = Date.now();
    for (const [reply, { dueMs }] of awaited) {
      if (dueMs > now) break;
      const { subject, confirmed } = take(reply) as Publication;
      confirmed.reject(unconfirmed(subject, new Error(`no response within ${timeoutMs} ms`)));
    }
    watch();
  }

  function watch(): void {
    const [next] = awaited.values();
    if (watching || next === undefined) return;
    watching = true;
    // The connection keeps the process alive, if anything does.
    setTimeout(giveUpOverdue, Math.max(next.dueMs - Date.now(), 1)).unref();
  }

  return {
    expect(subject) {
      last += 1;
      const reply = `${inbox}.${last}`;
      const confirmed = Promise.withResolvers<PublishReceipt>();
      awaited.set(reply, { dueMs: Date.now() + timeoutMs, publication: { subject, confirmed } });
      watch();
      return { reply, confirmed: confirmed.promise };
    },
    forget: take,
  };
}

export function unconfirmed(subject: string, cause: unknown): StorageUnavailable {
  return new StorageUnavailable(`No stream confirmed a message on ${subject}`, { cause });
}

/** JetStream's reply to a message: https://docs.nats.io/nats-concepts/jetstream/streams */
interface PubAck {
  seq?: number;
  duplicate?: boolean;
  error?: { code: number; err_code: number; description: string };
}

function receiptOf({ data, headers }: Msg, subject: string): PublishReceipt {
  // The server itself replies, without content, if no stream has the subject.
  if (data.length === 0 && headers?.code === 503) throw unconfirmed(subject, headers.status);
  const { seq, duplicate, error } = JSON.parse(Buffer.from(data).toString()) as PubAck;
  if (error !== undefined) {
    const refusal = new Error(`${subject}: ${error.description} (${error.err_code})`);
    throw error.code >= 500 ? unconfirmed(subject, refusal) : refusal;
  }
  if (seq === undefined) throw new Error(`${subject}: a confirmation without a sequence`);
  return { sequence: seq, duplicate: duplicate ?? false };
}
