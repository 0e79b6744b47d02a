import { type MsgHdrs, MsgHdrsImpl, type NatsConnection } from 'nats';
import {
  type Confirmations,
  openConfirmations,
  type PublishReceipt,
  unconfirmed,
} from './confirmations.ts';
import type { Nats } from './connection.ts';

export interface OutgoingMessage {
  subject: string;
  data: Uint8Array;
  headers?: Readonly<Record<string, string>>;
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

/**
 * Publishes on JetStream. The client's own way makes a request with a timer and two stack traces of every message, which
 * took five times as long as the publishing itself; here all confirmations come to one inbox, and one timer looks for
 * those that don't.
 *
 * `timeoutMs`: how long one publish may take, waiting for a connection included twice.
 */
export function createPublisher(nats: Nats, { timeoutMs = 5_000 } = {}): Publisher {
  const opened = new WeakMap<NatsConnection, Confirmations>();

  return {
    async publish({ subject, data, headers = {}, messageId }) {
      const connection = await nats.connection({ timeoutMs });
      let confirmations = opened.get(connection);
      if (confirmations === undefined) {
        confirmations = openConfirmations(connection, timeoutMs);
        opened.set(connection, confirmations);
      }
      const { reply, confirmed } = confirmations.expect(subject);
      try {
        connection.publish(subject, data, { headers: natsHeaders(headers, messageId), reply });
      } catch (error) {
        // For example, a message over the server's size limit fails on every attempt.
        confirmations.forget(reply);
        throw connection.isClosed() ? unconfirmed(subject, error) : error;
      }
      return await confirmed;
    },
  };
}

/** As a whole: the client's `set` looks through all names and takes out the old value before it adds one. */
function natsHeaders(
  headers: Readonly<Record<string, string>>,
  messageId: string | undefined,
): MsgHdrs {
  const values: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(headers)) values[name] = [requireOneLine(value)];
  if (messageId !== undefined) values['Nats-Msg-Id'] = [requireOneLine(messageId)];
  return MsgHdrsImpl.fromRecord(values);
}

/** @throws {Error} for a value that would end its header and begin another */
function requireOneLine(value: string): string {
  if (/[\r\n]/.test(value)) throw new Error('a header must not have line breaks');
  return value;
}
