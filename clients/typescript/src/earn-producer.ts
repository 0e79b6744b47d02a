// Purchases and refunds as messages on JetStream, which the ledger applies when it gets to them.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { EarnRequestedSchema } from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';
import { RefundRequestedSchema } from '@loyalty/proto/loyalty/events/v1/refund_requested_pb.ts';
import {
  type Authenticator,
  type ConnectionOptions,
  connect,
  ErrorCode,
  type JetStreamClient,
  type NatsConnection,
  type NatsError,
} from 'nats';
import { checkEarn, checkRefund } from './producer-checks.ts';
import { pause, pauseMsBefore, within } from './retries.ts';

export interface EarnProducerOptions {
  /** `nats://host:port`, or several of them. A user and a password may be part of it. */
  servers: string | readonly string[];
  user?: string | undefined;
  pass?: string | undefined;
  /** Instead of a password, such as `nkeyAuthenticator` of the package `nats`. */
  authenticator?: Authenticator | undefined;
  /** Of the package `nats`; `{}` for TLS with the authorities that Node.js trusts. */
  tls?: ConnectionOptions['tls'];
  /** Shown in the server's list of connections; `loyalty-producer` by default. */
  name?: string | undefined;
  /** How long a publish may take with all its retries; 10 seconds by default. */
  timeoutMs?: number | undefined;
  /** How long to wait for the stream's acknowledgement before publishing again; 2 seconds by default. */
  attemptTimeoutMs?: number | undefined;
}

export interface PublishOptions {
  timeoutMs?: number | undefined;
  /** Stops waiting: the publish rejects with {@link PublishFailed}, though the message may have been stored. */
  signal?: AbortSignal | undefined;
}

/**
 * Publishes and waits until the stream has stored the message: from then on it is credited, or becomes a dead letter that
 * operators see. A message may be stored twice; the ledger applies a transaction or refund once, by its id.
 */
export interface EarnProducer {
  /**
   * @throws {ValidationFailed} if the ledger could only refuse the message
   * @throws {PublishFailed} when no stream acknowledged it; it may have been stored all the same, so publish it again
   */
  earn(
    event: MessageInitShape<typeof EarnRequestedSchema>,
    options?: PublishOptions,
  ): Promise<void>;
  /**
   * @throws {ValidationFailed} if the ledger could only refuse the message
   * @throws {PublishFailed} when no stream acknowledged it; it may have been stored all the same, so publish it again
   */
  refund(
    event: MessageInitShape<typeof RefundRequestedSchema>,
    options?: PublishOptions,
  ): Promise<void>;
  /** Waits for what is under way, then disconnects. */
  close(): Promise<void>;
}

/** Thrown when a message couldn't be published. Publishing the same again is safe. */
export class PublishFailed extends Error {
  override readonly name = 'PublishFailed';
  /** Empty if there was no connection. */
  readonly subject: string;
  readonly attempts: number;

  constructor(message: string, options: { subject: string; attempts: number; cause: unknown }) {
    super(message, { cause: options.cause });
    this.subject = options.subject;
    this.attempts = options.attempts;
  }
}

const defaultTimeoutMs = 10_000;
const defaultAttemptTimeoutMs = 2_000;

/** @throws {PublishFailed} when none of the servers can be reached, or they refuse the login */
export async function createEarnProducer(options: EarnProducerOptions): Promise<EarnProducer> {
  const connection = await open(options);
  const jetstream = connection.jetstream();
  const underWay = new Set<Promise<void>>();
  const publish = (subject: string, data: Uint8Array, call: PublishOptions = {}) => {
    const published = publishUntilStored(jetstream, {
      subject,
      data,
      deadlineMs: Date.now() + (call.timeoutMs ?? options.timeoutMs ?? defaultTimeoutMs),
      attemptTimeoutMs: options.attemptTimeoutMs ?? defaultAttemptTimeoutMs,
      signal: call.signal,
    });
    underWay.add(published);
    return published.finally(() => underWay.delete(published));
  };
  return {
    async earn(event, call) {
      const message = create(EarnRequestedSchema, event);
      checkEarn(message);
      const data = toBinary(EarnRequestedSchema, message);
      await publish(`loyalty.earn.v1.${message.programId}`, data, call);
    },
    async refund(event, call) {
      const message = create(RefundRequestedSchema, event);
      checkRefund(message);
      const data = toBinary(RefundRequestedSchema, message);
      await publish(`loyalty.refund.v1.${message.programId}`, data, call);
    },
    async close() {
      await Promise.allSettled(underWay);
      if (!connection.isClosed()) await connection.drain();
    },
  };
}

async function open(options: EarnProducerOptions): Promise<NatsConnection> {
  const servers = typeof options.servers === 'string' ? [options.servers] : options.servers;
  const urls = servers.map(
    (server) => new URL(server.includes('://') ? server : `nats://${server}`),
  );
  const user = options.user ?? decodeURIComponent(urls[0]?.username ?? '');
  const pass = options.pass ?? decodeURIComponent(urls[0]?.password ?? '');
  const { tls, authenticator, name = 'loyalty-producer' } = options;
  const hosts = urls.map(({ host }) => host);
  try {
    return await connect({
      servers: hosts,
      name,
      ...(user === '' ? {} : { user, pass }),
      ...(authenticator === undefined ? {} : { authenticator }),
      // The client ignores the scheme; without this it would encrypt only if the server requires it.
      ...(tls ? { tls } : urls.some(({ protocol }) => protocol === 'tls:') ? { tls: {} } : {}),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      timeout: 5_000,
    });
  } catch (error) {
    const { code } = error as NatsError;
    const refused =
      code === ErrorCode.AuthorizationViolation || code === ErrorCode.AuthenticationExpired;
    const message = refused
      ? `NATS at ${hosts.join(', ')} refused the login: check user and password`
      : `NATS at ${hosts.join(', ')} can't be reached: check servers, and whether NATS is running`;
    throw new PublishFailed(message, { subject: '', attempts: 0, cause: error });
  }
}

/**
 * Without a message id: within its window the stream would drop a corrected message that has the same one. The ledger
 * recognizes repeats itself.
 */
async function publishUntilStored(
  jetstream: JetStreamClient,
  message: {
    subject: string;
    data: Uint8Array;
    deadlineMs: number;
    attemptTimeoutMs: number;
    signal: AbortSignal | undefined;
  },
): Promise<void> {
  const { subject, data, deadlineMs, attemptTimeoutMs, signal } = message;
  for (let attempts = 1; ; attempts += 1) {
    const leftMs = deadlineMs - Date.now();
    try {
      signal?.throwIfAborted();
      const timeout = Math.max(1, Math.min(leftMs, attemptTimeoutMs));
      const stored = jetstream.publish(subject, data, { timeout });
      await within(stored, timeout, signal);
      signal?.throwIfAborted();
      await stored;
      return;
    } catch (error) {
      const pauseMs = pauseMsBefore({ attempts });
      if (signal?.aborted || !mayPass(error) || Date.now() + pauseMs >= deadlineMs) {
        throw new PublishFailed(remedyOf(error, subject), { subject, attempts, cause: error });
      }
      await pause(pauseMs, signal);
    }
  }
}

/** A stream may be missing for a moment, such as while its servers elect a leader. */
function mayPass(error: unknown): boolean {
  const { code, api_error: refusal } = error as Partial<NatsError>;
  if (refusal !== undefined) return refusal.code >= 500;
  return code === ErrorCode.NoResponders || code === ErrorCode.Timeout;
}

function remedyOf(error: unknown, subject: string): string {
  const { code, message } = error as NatsError;
  switch (code) {
    case ErrorCode.NoResponders:
      return `No stream takes messages on ${subject}: run "loyalty nats setup", and connect to the account that has LOYALTY_IN`;
    case ErrorCode.Timeout:
      return `The stream didn't acknowledge the message on ${subject} in time: publish it again, which is safe`;
    case ErrorCode.PermissionsViolation:
      return `The NATS user may not publish on ${subject}, or receive the acknowledgement on its inbox: use an account for producers`;
    case ErrorCode.ConnectionClosed:
    case ErrorCode.ConnectionDraining:
      return 'The producer is closed: create another one';
    default:
      return `The message on ${subject} couldn't be published: ${message}`;
  }
}
