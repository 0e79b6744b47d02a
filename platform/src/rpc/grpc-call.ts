import type { ServerHttp2Stream } from 'node:http2';
import {
  Metadata,
  type ServerInterceptingCall,
  type ServerInterceptor,
  status as Status,
} from '@grpc/grpc-js';
import { ValidationFailed } from '../errors.ts';
import { namesIn } from '../tls/peer-names.ts';
import type { Admission } from './caller-limits.ts';
import { asksForJsonNames, fieldNamesHeader } from './field-names.ts';
import { grpcStatusOf, withReason } from './grpc-streams.ts';
import type { Credentials } from './identification.ts';
import type { Answer, Identity, Incoming, Pipeline, Route } from './pipeline.ts';
import type { CallStatus } from './status.ts';
import type { Peer } from './trusted-callers.ts';

type InterceptedCall = Parameters<ServerInterceptor>[1];
type Listener = Parameters<InterceptedCall['start']>[0];

/** The prefix of a message: a byte that says whether it is compressed, and its length. */
const prefixBytes = 5;
const nothing: Buffer = Buffer.alloc(0);
const ok = { code: Status.OK, details: 'OK', metadata: null };

/** A failure that took longer has waited for a peer that is down; a quicker one may be over at the next attempt. */
const quickFailureMsMax = 500;

/**
 * Serves the calls of routes before grpc-js would call a handler, and gives every status a reason that grpc-js ends a call with
 * by itself.
 */
export function createGrpcInterceptor(
  pipeline: Pipeline,
  routes: ReadonlyMap<string, Route<Buffer, Buffer>>,
): ServerInterceptor {
  return ({ path }, call) => {
    const route = routes.get(path);
    if (route !== undefined) {
      // What comes first in the chain is what grpc-js made, and starting is all that it does with this one.
      return new GrpcCall(call, { pipeline, route }) as unknown as ServerInterceptingCall;
    }
    giveReasons(call, { requestId: undefined, isReceived: false });
    return call as ServerInterceptingCall;
  };
}

/** @param progress what is known of the call when grpc-js ends it */
function giveReasons(call: InterceptedCall, progress: Parameters<typeof withReason>[1]): void {
  const { sendStatus } = call;
  call.sendStatus = (status) => sendStatus.call(call, withReason(status, progress));
}

/**
 * A unary call on grpc-js, from its headers to its status: one object, because there is one per call. Its body is read once its
 * caller is known, and counts for them as it arrives, so that neither strangers nor callers can fill the memory with bodies that
 * never end. Anything other than one whole message is refused here, because grpc-js would say that the method doesn't exist, or
 * accept it.
 */
class GrpcCall implements Listener, Credentials, Incoming<Buffer>, Answer<Buffer> {
  readonly startedMs = performance.now();
  raw = nothing;
  isReceived = false;
  readonly #call: InterceptedCall;
  readonly #pipeline: Pipeline;
  readonly #route: Route<Buffer, Buffer>;
  #metadata: Metadata | undefined;
  #identity: Identity | undefined;
  /** Why the request isn't read any further. */
  #refusal: Error | undefined;
  /** What has arrived. */
  #bytes = 0;
  /** As much of the message's prefix as has arrived. */
  #prefix = nothing;
  #hasMessage = false;
  #isCancelled = false;
  #cancel: (() => void) | undefined;

  constructor(
    call: InterceptedCall,
    { pipeline, route }: { pipeline: Pipeline; route: Route<Buffer, Buffer> },
  ) {
    this.#call = call;
    this.#pipeline = pipeline;
    this.#route = route;
    giveReasons(call, this);
  }

  /** Called by grpc-js with the listener that would lead to a handler. */
  start(): void {
    this.#call.start(this);
  }

  onReceiveMetadata(metadata: Metadata): void {
    this.#metadata = metadata;
    try {
      const identity = this.#pipeline.identify(this);
      if ('then' in identity) {
        identity.then(
          (verified) => this.#receive(verified),
          (error: unknown) => this.#turnAway(error),
        );
      } else {
        this.#receive(identity);
      }
    } catch (error) {
      this.#turnAway(error);
    }
  }

  onReceiveMessage(message: Buffer): void {
    if (this.#refusal !== undefined) return;
    if (this.#hasMessage) {
      this.#turnAway(undecodable('it has more than one message'));
      return;
    }
    this.#hasMessage = true;
    this.raw = message;
    this.#call.startRead();
  }

  onReceiveHalfClose(): void {
    const identity = this.#identity;
    if (this.#refusal !== undefined || identity === undefined) return;
    const problem = this.#hasMessage ? this.#problem() : 'it ends before its message does';
    if (problem !== undefined) {
      this.#turnAway(undecodable(problem));
      return;
    }
    // A compressed message is larger than what arrived.
    const moreBytes = this.raw.length - this.#bytes;
    if (moreBytes > 0 && !this.#count(moreBytes, identity)) return;
    this.isReceived = true;
    this.#serve();
  }

  /** Called at the end of every call. */
  onCancel(): void {
    this.#isCancelled = true;
    if (this.#cancel !== undefined) this.#cancel();
    else this.#leave();
  }

  get authorization(): string[] {
    return this.#valuesOf('authorization').map(String);
  }

  peer(): Peer {
    const call = this.#call;
    return {
      address: call.getConnectionInfo().remoteAddress,
      names: () => namesIn(call.getAuthContext()?.sslPeerCertificate?.subjectaltname),
    };
  }

  get requestId(): string | undefined {
    return this.#textOf('x-request-id');
  }

  get traceparent(): string | undefined {
    return this.#textOf('traceparent');
  }

  get deadlineMs(): number | undefined {
    const deadline = this.#call.getDeadline();
    return deadline === Number.POSITIVE_INFINITY ? undefined : Number(deadline);
  }

  usesJsonNames(): boolean {
    return asksForJsonNames(this.#textOf(fieldNamesHeader));
  }

  identify(): Identity {
    if (this.#refusal !== undefined) throw this.#refusal;
    if (this.#identity === undefined) throw new Error('The call was not received');
    return this.#identity;
  }

  releaseWhenClosed(admission: Admission): void {
    const stream = streamOf(this.#call);
    if (stream.closed) admission.release();
    else stream.once('close', () => admission.release());
  }

  succeed(encoded: Buffer, requestId: string): void {
    const header = new Metadata();
    header.set('x-request-id', requestId);
    this.#call.sendMetadata(header);
    this.#call.sendMessage(encoded, ignore);
    this.#call.sendStatus(ok);
  }

  fail(status: CallStatus, requestId: string): void {
    const { code, details, metadata } = grpcStatusOf(status, requestId);
    // Clients that retry by themselves would keep an overloaded service overloaded, and would wait several times for what
    // the server has waited for already, until their deadline passes, and they never learn the reason.
    const tookMs = performance.now() - this.startedMs;
    if (status.reason === 'OVERLOADED' || tookMs > quickFailureMsMax) {
      metadata.set('grpc-retry-pushback-ms', '-1');
    }
    this.#call.sendStatus({ code, details, metadata });
  }

  #receive(identity: Identity): void {
    this.#identity = identity;
    if (this.#isCancelled) {
      this.#leave();
      return;
    }
    streamOf(this.#call).on('data', (chunk: Buffer) => {
      if (this.#prefix.length < prefixBytes) {
        const rest = chunk.subarray(0, prefixBytes - this.#prefix.length);
        this.#prefix = this.#prefix.length === 0 ? rest : Buffer.concat([this.#prefix, rest]);
      }
      this.#bytes += chunk.length;
      this.#count(chunk.length, identity);
    });
    this.#call.startRead();
  }

  /** Counts bytes for the caller. The call is turned away, and this is false, if they are too many. */
  #count(bytes: number, { admission }: Identity): boolean {
    try {
      admission.addBytes(bytes);
      return true;
    } catch (error) {
      this.#turnAway(error);
      return false;
    }
  }

  /** What is wrong with a request that has a message; undefined if nothing is. */
  #problem(): string | undefined {
    const prefix = this.#prefix;
    if (prefix.length < prefixBytes) return undefined;
    if (this.#bytes > prefixBytes + prefix.readUInt32BE(1)) return 'it has more than one message';
    const flag = prefix.readUInt8(0);
    if (flag > 1) return `its first byte must be 0 or 1, not ${flag}`;
    return flag === 1 && !namesEncoding(this.#call)
      ? 'it is compressed, and the header "grpc-encoding" doesn\'t say how'
      : undefined;
  }

  /** Fails the call whether or not its request has arrived. What still comes of it is thrown away. */
  #turnAway(error: unknown): void {
    if (this.#refusal !== undefined || this.#isCancelled) return;
    this.#refusal = error as Error;
    this.#leave();
    this.#serve();
  }

  #serve(): void {
    this.#cancel = this.#pipeline.serve(this.#route, this, this);
  }

  #leave(): void {
    if (this.#identity !== undefined) this.releaseWhenClosed(this.#identity.admission);
  }

  #valuesOf(key: string): ReturnType<Metadata['get']> {
    return this.#metadata?.get(key) ?? [];
  }

  #textOf(key: string): string | undefined {
    const [value] = this.#valuesOf(key);
    return typeof value === 'string' ? value : undefined;
  }
}

function ignore(): void {}

function undecodable(problem: string): ValidationFailed {
  return new ValidationFailed(`The request can't be decoded: ${problem}`);
}

/** Whether the call's headers say how its message is compressed; grpc-js takes the header out of the metadata. */
function namesEncoding(call: InterceptedCall): boolean {
  const { incomingEncoding } = call as unknown as { incomingEncoding?: string };
  if (incomingEncoding === undefined)
    throw new Error('This release of grpc-js keeps encodings in another place');
  return incomingEncoding !== 'identity';
}

/** The stream of a call. It isn't part of grpc-js's interface; there is no other way to see a body before it is complete. */
function streamOf(call: InterceptedCall): ServerHttp2Stream {
  const { stream } = call as unknown as { stream?: ServerHttp2Stream };
  if (stream === undefined)
    throw new Error('This release of grpc-js keeps streams in another place');
  return stream;
}
