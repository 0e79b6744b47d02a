import { randomUUID } from 'node:crypto';
import {
  create,
  type DescMethodUnary,
  type DescService,
  fromBinary,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import {
  type ChannelCredentials,
  credentials,
  Client as GrpcClient,
  Metadata,
} from '@grpc/grpc-js';
import { fieldNamesHeader } from './field-names.ts';
import { unaryMethodsOf } from './mount.ts';
import { remoteErrorOf } from './remote-error.ts';

export type { ChannelCredentials };

export interface ChannelOptions {
  /** `host:port`, or a target of grpc-js such as `dns:///ledger-headless:50052`. */
  address: string;
  /** The services that will be called; their idempotent methods are retried while the server can't be reached. */
  services: readonly DescService[];
  /** With TLS, and what certificates the sides show; without TLS if absent. */
  credentials?: ChannelCredentials | undefined;
  /** Deadline of calls that are given none, from their start; 10 s by default. */
  defaultTimeoutMs?: number;
  /** Largest request, and largest response; 8 MiB by default, as services send. */
  messageBytesMax?: number;
  /** Whether to connect apart from other channels to the address, which share connections otherwise. */
  ownConnections?: boolean;
}

/** Connections to all replicas behind an address; calls take turns among them. */
export interface Channel {
  readonly grpc: GrpcClient;
  readonly defaultTimeoutMs: number;
  close(): void;
}

export interface CallOptions {
  /** The bearer token; without one the call is anonymous, which no method allows. */
  token?: string | undefined;
  /** Of the call that this one serves; a new one if absent. */
  requestId?: string | undefined;
  /** The W3C header of the trace that the call belongs to. */
  traceparent?: string | undefined;
  /** Milliseconds since the epoch, such as the `deadlineMs` of the call that this one serves. */
  deadlineMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** How errors are to name fields: `json` for those who pass them on to JSON clients. */
  fieldNames?: 'json' | undefined;
}

/** The methods of a service, by their names in the generated code. They throw RemoteError. */
export type Client<S extends DescService> = {
  readonly [K in keyof S['method']]: (
    request: MessageInitShape<S['method'][K]['input']>,
    options: CallOptions,
  ) => Promise<MessageShape<S['method'][K]['output']>>;
};

const defaultTimeoutMs = 10_000;
const defaultMessageBytesMax = 8 * 1024 * 1024;

/** Opens connections on first use. Retries only where the contract says that a method is idempotent. */
export function createChannel(options: ChannelOptions): Channel {
  const messageBytesMax = options.messageBytesMax ?? defaultMessageBytesMax;
  const grpc = new GrpcClient(
    options.address,
    options.credentials ?? credentials.createInsecure(),
    {
      'grpc.service_config': JSON.stringify(serviceConfigOf(options.services)),
      // Or a DNS TXT record could replace it.
      'grpc.service_config_disable_resolution': 1,
      'grpc.max_receive_message_length': messageBytesMax,
      'grpc.max_send_message_length': messageBytesMax,
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2000,
      'grpc.dns_min_time_between_resolutions_ms': 5000,
      'grpc.enable_channelz': 0,
      'grpc.use_local_subchannel_pool': options.ownConnections === true ? 1 : 0,
    },
  );
  return {
    grpc,
    defaultTimeoutMs: options.defaultTimeoutMs ?? defaultTimeoutMs,
    close: () => grpc.close(),
  };
}

function serviceConfigOf(services: readonly DescService[]): object {
  const idempotent = services
    .flatMap((service) => service.methods)
    .filter((method) => method.idempotency !== IdempotencyLevel.IDEMPOTENCY_UNKNOWN)
    .map((method) => ({ service: method.parent.typeName, method: method.name }));
  return {
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: idempotent.length === 0 ? [] : [{ name: idempotent, retryPolicy }],
    // Stops retrying when half of the recent calls failed: then retries only add load.
    retryThrottling: { maxTokens: 100, tokenRatio: 0.1 },
  };
}

const retryPolicy = {
  maxAttempts: 4,
  initialBackoff: '0.05s',
  maxBackoff: '1s',
  backoffMultiplier: 3,
  // CANCELLED comes from a server that dies; what is cancelled here is never retried.
  retryableStatusCodes: ['UNAVAILABLE', 'CANCELLED'],
};

/** Typed calls of a service over a channel. */
export function createClient<S extends DescService>(service: S, channel: Channel): Client<S> {
  const methods = unaryMethodsOf(service).map((method) => [
    method.localName,
    callerOf(method, channel),
  ]);
  return Object.fromEntries(methods) as Client<S>;
}

type Call = (
  request: MessageInitShape<DescMethodUnary['input']>,
  options: CallOptions,
) => Promise<Message>;

function callerOf(method: DescMethodUnary, channel: Channel): Call {
  const { input, output } = method;
  const path = `/${method.parent.typeName}/${method.name}`;
  const serialize = (request: Message): Buffer => {
    const bytes = toBinary(input, request);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const deserialize = (bytes: Buffer): Message => fromBinary(output, bytes);

  return (init, { token, requestId = randomUUID(), traceparent, deadlineMs, signal, fieldNames }) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const metadata = new Metadata();
      metadata.set('x-request-id', requestId);
      if (traceparent !== undefined) metadata.set('traceparent', traceparent);
      if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
      if (fieldNames !== undefined) metadata.set(fieldNamesHeader, fieldNames);
      const cancel = () => call.cancel();
      const call = channel.grpc.makeUnaryRequest(
        path,
        serialize,
        deserialize,
        create(input, init),
        metadata,
        { deadline: deadlineMs ?? Date.now() + channel.defaultTimeoutMs },
        (error, response) => {
          signal?.removeEventListener('abort', cancel);
          if (error === null) {
            resolve(response as Message);
            return;
          }
          const cancelledHere = signal?.aborted === true;
          reject(remoteErrorOf(error, { requestId, cancelledHere }));
        },
      );
      signal?.addEventListener('abort', cancel, { once: true });
    });
}
