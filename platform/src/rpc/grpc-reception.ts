import type { ServerHttp2Stream } from 'node:http2';
import type { Metadata, ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js';
import { Undecodable } from './errors.ts';
import { withReason } from './grpc-streams.ts';
import type { Identity } from './pipeline.ts';

type Listener = Parameters<Parameters<ServerInterceptor>[1]['start']>[0];
export type InterceptedCall = Parameters<ServerInterceptor>[1];

/** A request that is being received. */
interface Reception {
  readonly identity: Promise<Identity>;
  /** What has arrived. */
  bytes: number;
  /** As much of the message's prefix as has arrived: whether it is compressed, and its length. */
  prefix: Buffer;
}

/** What is known of a call when grpc-js ends it. */
interface Progress {
  requestId: string | undefined;
  isReceived: boolean;
}

const receptionKey = Symbol('reception');

/** The metadata of a call is all that its handler has from before. */
interface Received extends Metadata {
  [receptionKey]?: Reception | undefined;
}

export interface ReceptionOptions {
  /** Whether the calls of a method are received here. */
  receives(path: string): boolean;
  /** Verifies who calls, and lets them in. */
  identify(metadata: Metadata, call: InterceptedCall): Promise<Identity>;
  /** Answers a call whose request isn't to be read. What still comes of it is thrown away. */
  refuse(refusal: { path: string; metadata: Metadata; call: InterceptedCall; error: Error }): void;
}

export interface GrpcReception {
  readonly interceptor: ServerInterceptor;
  /**
   * Who makes a call whose request has arrived, once. From then on the call's end is to be told to its admission.
   *
   * @throws {RateLimited} {@link RequestTooLarge} {@link Overloaded} for a compressed message that is larger than it seemed
   */
  identityOf(metadata: Metadata, messageBytes: number): Promise<Identity>;
}

/** The prefix of a message: a byte that says whether it is compressed, and its length. */
const prefixBytes = 5;
const emptyPrefix: Buffer = Buffer.alloc(0);

/**
 * Receives requests: a body is read once its caller is known, and counts for them as it arrives, so that neither strangers nor
 * callers can fill the memory with bodies that never end. Anything other than one whole message is refused here, because grpc-js
 * would say that the method doesn't exist, or accept it.
 */
export function createGrpcReception({
  receives,
  identify,
  refuse,
}: ReceptionOptions): GrpcReception {
  function leave(metadata: Received): void {
    const reception = metadata[receptionKey];
    if (reception === undefined) return;
    metadata[receptionKey] = undefined;
    reception.identity.then(
      ({ admission }) => admission.release(),
      () => undefined,
    );
  }

  function receiving(
    path: string,
    { call, listener, progress }: { call: InterceptedCall; listener: Listener; progress: Progress },
  ): Listener {
    let metadata: Received | undefined;
    let reception: Reception | undefined;
    let hasMessage = false;
    let isRefused = false;

    function turnAway(error: Error): void {
      if (isRefused || metadata === undefined) return;
      isRefused = true;
      leave(metadata);
      refuse({ path, metadata, call, error });
    }

    return {
      onReceiveMetadata(received: Received) {
        metadata = received;
        progress.requestId = received.get('x-request-id')[0]?.toString();
        const started = { identity: identify(received, call), bytes: 0, prefix: emptyPrefix };
        reception = started;
        received[receptionKey] = started;
        started.identity.then(({ admission }) => {
          countBytes(streamOf(call), started, (bytes) => {
            try {
              admission.addBytes(bytes);
            } catch (error) {
              turnAway(error as Error);
            }
          });
          listener.onReceiveMetadata(received);
        }, turnAway);
      },
      onReceiveMessage(message) {
        if (isRefused) return;
        if (hasMessage) {
          turnAway(new Undecodable("The request can't be decoded: it has more than one message"));
          return;
        }
        hasMessage = true;
        listener.onReceiveMessage(message);
      },
      onReceiveHalfClose() {
        if (isRefused || reception === undefined) return;
        const problem = hasMessage ? problemOf(reception) : 'it ends before its message does';
        if (problem === undefined) {
          progress.isReceived = true;
          listener.onReceiveHalfClose();
        } else {
          turnAway(new Undecodable(`The request can't be decoded: ${problem}`));
        }
      },
      onCancel() {
        if (metadata !== undefined) leave(metadata);
        listener.onCancel();
      },
    };
  }

  return {
    interceptor: (method, call) => {
      // Wrapping the whole call, as grpc-js proposes, would put a function before each of its methods.
      const sendStatus = call.sendStatus.bind(call);
      const progress: Progress = { requestId: undefined, isReceived: false };
      call.sendStatus = (status) => sendStatus(withReason(status, progress));
      if (receives(method.path)) {
        const start = call.start.bind(call);
        call.start = (listener) => start(receiving(method.path, { call, listener, progress }));
      }
      // What comes first in the chain is what grpc-js made, and it is all that it needs.
      return call as ServerInterceptingCall;
    },

    identityOf(metadata: Received, messageBytes) {
      const reception = metadata[receptionKey];
      if (reception === undefined) throw new Error('The call was not received');
      metadata[receptionKey] = undefined;
      const moreBytes = messageBytes - reception.bytes;
      return moreBytes > 0 ? withBytes(reception.identity, moreBytes) : reception.identity;
    },
  };
}

/** Counts bytes for a call that they may end. */
async function withBytes(identifying: Promise<Identity>, bytes: number): Promise<Identity> {
  const identity = await identifying;
  try {
    identity.admission.addBytes(bytes);
  } catch (error) {
    identity.admission.release();
    throw error;
  }
  return identity;
}

/** The stream of a call. It isn't part of grpc-js's interface; there is no other way to see a body before it is complete. */
export function streamOf(call: InterceptedCall): ServerHttp2Stream {
  const { stream } = call as unknown as { stream?: ServerHttp2Stream };
  if (stream === undefined)
    throw new Error('This release of grpc-js keeps streams in another place');
  return stream;
}

function countBytes(
  stream: ServerHttp2Stream,
  reception: Reception,
  count: (bytes: number) => void,
): void {
  stream.on('data', (chunk: Buffer) => {
    const { prefix } = reception;
    if (prefix.length < prefixBytes) {
      const rest = chunk.subarray(0, prefixBytes - prefix.length);
      reception.prefix = prefix.length === 0 ? rest : Buffer.concat([prefix, rest]);
    }
    reception.bytes += chunk.length;
    count(chunk.length);
  });
}

/** What is wrong with a request that has a message; undefined if nothing is. */
function problemOf({ bytes, prefix }: Reception): string | undefined {
  if (prefix.length < prefixBytes) return undefined;
  if (bytes > prefixBytes + prefix.readUInt32BE(1)) return 'it has more than one message';
  const flag = prefix.readUInt8(0);
  return flag > 1 ? `its first byte must be 0 or 1, not ${flag}` : undefined;
}
