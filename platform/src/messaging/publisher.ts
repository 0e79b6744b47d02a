import type { MsgHdrs, MsgHdrsImpl, NatsConnection } from 'nats';
import {
  type Confirmations,
  openConfirmations,
  type PublishReceipt,
  unconfirmed,
} from './confirmations.ts';
import type { Nats } from './connection.ts';

type Headers = Readonly<Record<string, string>>;

export interface OutgoingMessage {
  subject: string;
  data: Uint8Array;
  headers?: Headers;
  /** More headers, the same object for all messages that share them: they are formatted once. */
  sharedHeaders?: Headers;
  /** Sent as Nats-Msg-Id: the stream drops another message with the same id within its window. */
  messageId?: string;
}

export interface Publisher {
  /**
   * Publishes and waits until the stream has stored the message.
   *
   * @throws {StorageUnavailable} when no stream confirmed it in time; it may have been stored all the same
   */
  publish(message: OutgoingMessage): Promise<PublishReceipt>;
}

interface Opened {
  readonly connection: NatsConnection;
  readonly confirmations: Confirmations;
}

/**
 * Publishes on JetStream. The client's own way makes a request with a timer and two stack traces of every message, which
 * took five times as long as the publishing itself; here all confirmations come to one inbox, and one timer looks for
 * those that don't.
 *
 * `timeoutMs`: how long one publish may take, waiting for a connection included twice.
 */
export function createPublisher(nats: Nats, { timeoutMs = 5_000 } = {}): Publisher {
  let opened: Opened | undefined;

  async function open(): Promise<Opened> {
    const connection = await nats.connection({ timeoutMs });
    if (opened?.connection !== connection) {
      opened = { connection, confirmations: openConfirmations(connection, timeoutMs) };
    }
    return opened;
  }

  return {
    async publish(message) {
      // A connection is the same until it is closed: it isn't asked for with each message.
      const known = opened;
      const isKnown = known !== undefined && !known.connection.isClosed();
      return await publishOn(isKnown ? known : await open(), message);
    },
  };
}

function publishOn({ connection, confirmations }: Opened, message: OutgoingMessage) {
  const { subject, data } = message;
  const { reply, confirmed } = confirmations.expect(subject);
  try {
    connection.publish(subject, data, { headers: encodableHeaders(message), reply });
  } catch (error) {
    // For example, a message over the server's size limit fails on every attempt.
    confirmations.forget(reply);
    throw connection.isClosed() ? unconfirmed(subject, error) : error;
  }
  return confirmed;
}

/**
 * Headers with all that the client needs to send them. Its own keep a list of values for each name, and are written from
 * that.
 */
function encodableHeaders({ headers = {}, sharedHeaders, messageId }: OutgoingMessage): MsgHdrs {
  const shared = sharedHeaders === undefined ? '' : sharedLinesOf(sharedHeaders);
  const id = messageId === undefined ? '' : headerLine('Nats-Msg-Id', messageId);
  const bytes = Buffer.from(`NATS/1.0\r\n${shared}${linesOf(headers)}${id}\r\n`);
  return { encode: () => bytes } as Pick<MsgHdrsImpl, 'encode'> as MsgHdrsImpl;
}

const knownLines = new WeakMap<Headers, string>();

function sharedLinesOf(headers: Headers): string {
  let lines = knownLines.get(headers);
  if (lines === undefined) {
    lines = linesOf(headers);
    knownLines.set(headers, lines);
  }
  return lines;
}

function linesOf(headers: Headers): string {
  let lines = '';
  for (const name of Object.keys(headers)) lines += headerLine(name, headers[name] as string);
  return lines;
}

/** @throws {Error} for a value that would end its header and begin another */
function headerLine(name: string, value: string): string {
  if (/[\r\n]/.test(value)) throw new Error('a header must not have line breaks');
  return `${name}: ${value}\r\n`;
}
