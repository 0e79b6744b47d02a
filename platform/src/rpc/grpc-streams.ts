import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import {
  Metadata,
  type Server,
  type ServerInterceptingCall,
  type ServerInterceptor,
  type StatusObject,
} from '@grpc/grpc-js';
import { DeadlineExceeded, Undecodable } from './errors.ts';
import { requestIdOf } from './request-id.ts';
import { type CallStatus, encodeStatus, statusOf } from './status.ts';
import { withinTimer } from './timeout-header.ts';

/** What grpc-js does with a new stream. It isn't part of its interface; there is no other way to see a stream before it. */
interface StreamHandling {
  _streamHandler?: (
    interceptors: unknown,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
  ) => void;
}

/**
 * Mends what grpc-js does to odd calls: it fires a timeout of more than 2^31 ms at once, and lets a call stay open whose
 * request never ends. To be called before the server listens.
 */
export function guardStreams(
  server: Server,
  { unaryPaths, arrivalMsMax }: { unaryPaths: ReadonlySet<string>; arrivalMsMax: number },
): void {
  const internals = server as unknown as StreamHandling;
  const handle = internals._streamHandler;
  if (handle === undefined) throw new Error('This release of grpc-js handles streams in a new way');
  const limitArrival = createArrivalLimit(arrivalMsMax);
  internals._streamHandler = (interceptors, stream, headers) => {
    const timeout = headers['grpc-timeout'];
    if (timeout !== undefined) headers['grpc-timeout'] = withinTimer(String(timeout));
    // Calls that stream may take as long as they like.
    if (unaryPaths.has(String(headers[':path']))) limitArrival(stream, headers);
    handle.call(server, interceptors, stream, headers);
  };
}

interface Arrival {
  readonly headers: IncomingHttpHeaders;
  readonly dueMs: number;
}

/** Ends streams whose request hasn't arrived in time. One timer for all of them: nearly every request arrives at once. */
function createArrivalLimit(
  arrivalMsMax: number,
): (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void {
  /** The oldest first, so that the first is due first. */
  const arriving = new Map<ServerHttp2Stream, Arrival>();
  let watching = false;

  function arrived(this: ServerHttp2Stream): void {
    arriving.delete(this);
  }

  function watch(): void {
    const [next] = arriving.values();
    if (watching || next === undefined) return;
    watching = true;
    // The connection keeps the process alive, if anything does.
    setTimeout(endOverdue, Math.max(next.dueMs - performance.now(), 1)).unref();
  }

  function endOverdue(): void {
    watching = false;
    const nowMs = performance.now();
    for (const [stream, { headers, dueMs }] of arriving) {
      if (dueMs > nowMs) break;
      arriving.delete(stream);
      refuseLate(stream, headers);
    }
    watch();
  }

  return (stream, headers) => {
    arriving.set(stream, { headers, dueMs: performance.now() + arrivalMsMax });
    stream.on('end', arrived);
    stream.on('close', arrived);
    watch();
  };
}

function refuseLate(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  if (!stream.headersSent) {
    const requestId = requestIdOf(headers['x-request-id']?.toString());
    const error = new DeadlineExceeded('The request took too long to arrive');
    const { code, details, metadata } = grpcStatusOf(statusOf(error, requestId), requestId);
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc+proto',
        'grpc-status': String(code),
        'grpc-message': encodeURI(details),
        ...metadata.toHttp2Headers(),
      },
      { endStream: true },
    );
  }
  // A stream that only one side has ended stays open.
  stream.close(constants.NGHTTP2_NO_ERROR);
}

/** Refuses a request that ends within its message, for which grpc-js would say that the method doesn't exist. */
export const requireMessage: ServerInterceptor = (method, call) => {
  if (!method.requestStream) {
    const start = call.start.bind(call);
    // Wrapping the whole call, as grpc-js proposes, would put a function before each of its methods.
    call.start = (listener) => start(withMessage(listener, (status) => call.sendStatus(status)));
  }
  // What comes first in the chain is what grpc-js made, and it is all that it needs.
  return call as ServerInterceptingCall;
};

type Listener = Parameters<Parameters<ServerInterceptor>[1]['start']>[0];

function withMessage(listener: Listener, refuse: (status: StatusObject) => void): Listener {
  let headers: Metadata | undefined;
  let hasMessage = false;
  return {
    onReceiveMetadata: (metadata) => {
      headers = metadata;
      listener.onReceiveMetadata(metadata);
    },
    onReceiveMessage: (message) => {
      hasMessage = true;
      listener.onReceiveMessage(message);
    },
    onReceiveHalfClose: () => {
      if (hasMessage) {
        listener.onReceiveHalfClose();
        return;
      }
      const requestId = requestIdOf(headers?.get('x-request-id')[0]?.toString());
      const problem = "The request can't be decoded: it ends before its message does";
      refuse(grpcStatusOf(statusOf(new Undecodable(problem), requestId), requestId));
    },
    onCancel: () => listener.onCancel(),
  };
}

/** A failure as grpc-js sends it. */
export function grpcStatusOf(status: CallStatus, requestId: string): StatusObject {
  const metadata = new Metadata();
  metadata.set('x-request-id', requestId);
  metadata.set('grpc-status-details-bin', Buffer.from(encodeStatus(status)));
  return { code: status.code, details: status.message, metadata };
}
