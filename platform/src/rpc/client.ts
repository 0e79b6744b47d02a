import { randomUUID } from 'node:crypto';
import {
  create,
  type DescMethodUnary,
  type DescService,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import type { ChannelCredentials } from '@grpc/grpc-js';
import { callFailureOf } from '@loyalty/client/call-failure.ts';
import {
  metadataOf,
  type Channel as OpenChannel,
  type ChannelOptions as OpenChannelOptions,
  openChannel,
  unaryCall,
} from '@loyalty/client/channel.ts';
import { fieldNamesHeader } from './field-names.ts';
import { unaryMethodsOf } from './mount.ts';
import { RemoteError } from './remote-error.ts';

export type { ChannelCredentials };

export interface ChannelOptions extends Omit<OpenChannelOptions, 'serviceConfig'> {
  /** The services that will be called; their idempotent methods are retried while the server can't be reached. */
  services: readonly DescService[];
  /** Deadline of calls that are given none, from their start; 10 s by default. */
  defaultTimeoutMs?: number;
}

export interface Channel extends OpenChannel {
  readonly defaultTimeoutMs: number;
}

export interface CallOptions {
  /** The bearer token; without one the call is anonymous, which no method allows. */
  token?: string | undefined;
  /** The id of the call that this one serves; a new one if absent. */
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

const defaultTimeoutMsOfCalls = 10_000;

/** Opens connections on first use. Retries only where the contract says that a method is idempotent. */
export function createChannel(options: ChannelOptions): Channel {
  const { services, defaultTimeoutMs = defaultTimeoutMsOfCalls, ...open } = options;
  return { ...openChannel({ ...open, serviceConfig: retriesOf(services) }), defaultTimeoutMs };
}

function retriesOf(services: readonly DescService[]): object {
  const idempotent = services
    .flatMap((service) => service.methods)
    .filter((method) => method.idempotency !== IdempotencyLevel.IDEMPOTENCY_UNKNOWN)
    .map((method) => ({ service: method.parent.typeName, method: method.name }));
  return {
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
  const { input } = method;
  const call = unaryCall(method, channel);

  return async (init, options) => {
    const {
      token,
      requestId = randomUUID(),
      traceparent,
      deadlineMs,
      signal,
      fieldNames,
    } = options;
    signal?.throwIfAborted();
    const metadata = metadataOf({ requestId, traceparent, token });
    if (fieldNames !== undefined) metadata.set(fieldNamesHeader, fieldNames);
    return call(create(input, init), {
      metadata,
      deadlineMs: deadlineMs ?? Date.now() + channel.defaultTimeoutMs,
      signal,
      failed: (error) =>
        new RemoteError(
          callFailureOf(error, { requestId, cancelledHere: signal?.aborted === true }),
        ),
    });
  };
}
