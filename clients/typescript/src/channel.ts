// The way from generated descriptors to grpc-js. The platform's own processes call each other by it, too.
import { type DescMethodUnary, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import {
  type ChannelCredentials,
  credentials,
  Client as GrpcClient,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';

export interface ChannelOptions {
  /** `host:port`, or a target of grpc-js such as `dns:///ledger-headless:50052`. */
  address: string;
  /** With TLS, and what certificates the sides show; without TLS if absent. */
  credentials?: ChannelCredentials | undefined;
  /** Largest request, and largest response; 8 MiB by default, as services send. */
  messageBytesMax?: number | undefined;
  /** Whether to connect apart from other channels to the address, which share connections otherwise. */
  ownConnections?: boolean | undefined;
  /** What gRPC's service config has besides the load balancing, such as its own retries. */
  serviceConfig?: object | undefined;
}

/** Connections to all replicas behind an address; calls take turns among them. */
export interface Channel {
  readonly grpc: GrpcClient;
  close(): void;
}

const defaultMessageBytesMax = 8 * 1024 * 1024;

/** Opens connections on first use. */
export function openChannel(options: ChannelOptions): Channel {
  const messageBytesMax = options.messageBytesMax ?? defaultMessageBytesMax;
  const serviceConfig = {
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: [],
    ...options.serviceConfig,
  };
  const grpc = new GrpcClient(
    options.address,
    options.credentials ?? credentials.createInsecure(),
    {
      'grpc.service_config': JSON.stringify(serviceConfig),
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
  return { grpc, close: () => grpc.close() };
}

export interface CallMetadata {
  requestId: string;
  /** The W3C header of the trace that the call belongs to. */
  traceparent?: string | undefined;
  /** The bearer token; without one the call is anonymous, which no method allows. */
  token?: string | undefined;
}

export function metadataOf({ requestId, traceparent, token }: CallMetadata): Metadata {
  const metadata = new Metadata();
  metadata.set('x-request-id', requestId);
  if (traceparent !== undefined) metadata.set('traceparent', traceparent);
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

export interface Attempt {
  metadata: Metadata;
  /** Milliseconds since the epoch. */
  deadlineMs: number;
  signal?: AbortSignal | undefined;
  /** Makes of grpc-js's error what the call rejects with. */
  failed: (error: ServiceError) => Error;
}

/**
 * One call of a method, without retries. The signal must not be aborted yet.
 *
 * @throws {Error} naming the field when the request can't be encoded
 */
export type UnaryCall = (request: Message, attempt: Attempt) => Promise<Message>;

/** How a method is called over a channel. */
export function unaryCall(method: DescMethodUnary, channel: Channel): UnaryCall {
  const { input, output } = method;
  const path = `/${method.parent.typeName}/${method.name}`;
  const asIs = (bytes: Buffer): Buffer => bytes;
  const deserialize = (bytes: Buffer): Message => fromBinary(output, bytes);

  return (request, { metadata, deadlineMs, signal, failed }) =>
    new Promise((resolve, reject) => {
      // Not by grpc-js, whose error would look like that of a connection, and be retried.
      const bytes = toBinary(input, request);
      const cancel = () => call.cancel();
      const call = channel.grpc.makeUnaryRequest(
        path,
        asIs,
        deserialize,
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        metadata,
        { deadline: deadlineMs },
        (error, response) => {
          signal?.removeEventListener('abort', cancel);
          if (error === null) resolve(response as Message);
          else reject(failed(error));
        },
      );
      signal?.addEventListener('abort', cancel, { once: true });
    });
}
