import { headers as createHeaders, ErrorCode, type JetStreamClient, type NatsError } from 'nats';
import { StorageUnavailable } from '../errors.ts';
import type { Nats } from './connection.ts';

export interface OutgoingMessage {
  subject: string;
  data: Uint8Array;
  headers?: Readonly<Record<string, string>>;
  /** Sent as Nats-Msg-Id: the stream drops another message with the same id within its window. */
  messageId?: string;
}

export interface PublishReceipt {
  /** The message's sequence in its stream; when `duplicate`, that of the first one. */
  sequence: number;
  duplicate: boolean;
}

export interface Publisher {
  /**
   * Publishes and waits until the stream has stored the message.
   *
   * @throws {StorageUnavailable} when no stream confirmed it in time; it may have been stored all the same
   */
  publish(message: OutgoingMessage): Promise<PublishReceipt>;
}

/** `timeoutMs`: how long one publish may take, waiting for a connection included twice. */
export function createPublisher(nats: Nats, { timeoutMs = 5_000 } = {}): Publisher {
  const clients = new WeakMap<object, JetStreamClient>();

  const client = async () => {
    const connection = await nats.connection({ timeoutMs });
    let jetstream = clients.get(connection);
    if (jetstream === undefined) {
      jetstream = connection.jetstream({ timeout: timeoutMs });
      clients.set(connection, jetstream);
    }
    return jetstream;
  };

  return {
    async publish({ subject, data, headers, messageId }) {
      const jetstream = await client();
      try {
        const { seq, duplicate } = await jetstream.publish(subject, data, {
          ...(headers === undefined ? {} : { headers: natsHeaders(headers) }),
          ...(messageId === undefined ? {} : { msgID: messageId }),
        });
        return { sequence: seq, duplicate };
      } catch (error) {
        throw isUnavailable(error)
          ? new StorageUnavailable(`no stream confirmed a message on ${subject}`, { cause: error })
          : error;
      }
    },
  };
}

function natsHeaders(headers: Readonly<Record<string, string>>) {
  const result = createHeaders();
  for (const [name, value] of Object.entries(headers)) result.set(name, value);
  return result;
}

// Anything else, such as a message over the server's size limit, fails again however often it is repeated.
const unavailable: ReadonlySet<string> = new Set([
  ErrorCode.Timeout,
  ErrorCode.NoResponders,
  ErrorCode.Disconnect,
  ErrorCode.ConnectionClosed,
  ErrorCode.ConnectionDraining,
  ErrorCode.ConnectionRefused,
  ErrorCode.ConnectionTimeout,
  ErrorCode.JetStreamNotEnabled,
]);

function isUnavailable(error: unknown): boolean {
  const { code, api_error: apiError } = error as NatsError;
  return unavailable.has(code) || (apiError !== undefined && apiError.code >= 500);
}
