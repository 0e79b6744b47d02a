import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Server as NetServer } from 'node:net';
import { Metadata, type Server, status as Status, type StatusObject } from '@grpc/grpc-js';
import { tooMany } from './caller-limits.ts';
import { DeadlineExceeded, NotImplemented, RequestTooLarge, Undecodable } from './errors.ts';
import type { RpcLimits } from './limits.ts';
import { requestIdOf } from './request-id.ts';
import { type CallStatus, encodeStatus, statusOf } from './status.ts';
import { isTimeout, withinTimer } from './timeout-header.ts';

const detailsKey = 'grpc-status-details-bin';

/** What grpc-js does with a new stream. It isn't part of its interface; there is no other way to see a stream before it. */
interface StreamHandling {
  _streamHandler?: (
    interceptors: unknown,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    flags: number,
    rawHeaders: readonly string[],
  ) => void;
}

/**
 * Mends what grpc-js does to odd calls: it fires a timeout of more than 2^31 ms at once, calls one that it can't read an
 * internal error, takes the first of two tokens, lets a call stay open whose request never ends, gives no reason for a
 * method that it doesn't know, and doesn't bound the streams that need no token. To be called before the server listens.
 */
export function guardStreams(
  server: Server,
  {
    unaryPaths,
    publicPaths,
    limits,
  }: {
    unaryPaths: ReadonlySet<string>;
    /** Of methods that need no token. */
    publicPaths: ReadonlySet<string>;
    limits: RpcLimits;
  },
): void {
  const internals = server as unknown as StreamHandling;
  const handle = internals._streamHandler;
  if (handle === undefined) throw new Error('This release of grpc-js handles streams in a new way');
  const limitArrival = createArrivalLimit(limits.requestArrivalMsMax);
  const admitPublic = createPublicLimit(limits);
  internals._streamHandler = (interceptors, stream, headers, flags, rawHeaders) => {
    const timeout = headers['grpc-timeout'];
    if (timeout !== undefined) {
      if (!isTimeout(String(timeout))) {
        refuse(
          stream,
          headers,
          new Undecodable('The header "grpc-timeout" must be a timeout such as "5S"'),
        );
        return;
      }
      headers['grpc-timeout'] = withinTimer(String(timeout));
    }
    // Node keeps only the first, and another process on the way may have looked at another.
    const tokens = valuesOf('authorization', rawHeaders);
    if (tokens.length > 1) Object.assign(headers, { authorization: tokens });
    const path = String(headers[':path']);
    if (unaryPaths.has(path)) {
      limitArrival(stream, headers);
      handle.call(server, interceptors, stream, headers, flags, rawHeaders);
    } else if (!publicPaths.has(path) && isGrpc(headers)) {
      refuse(stream, headers, new NotImplemented(`There is no method ${path.slice(1)} here`));
    } else if (admitPublic(stream, headers)) {
      handle.call(server, interceptors, stream, headers, flags, rawHeaders);
      // Not before grpc-js has its listeners, because this one lets the bytes come.
      limitBytes(stream, headers, limits.publicStreamBytesMax);
    }
  };
}

/** Other requests are refused by grpc-js, in the way of HTTP. */
function isGrpc(headers: IncomingHttpHeaders): boolean {
  return headers['content-type']?.startsWith('application/grpc') === true;
}

/** Lets streams in that need no token, so many from each address; it refuses the others. */
function createPublicLimit({
  publicStreamsPerAddressMax: max,
}: RpcLimits): (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean {
  const open = new Map<string, number>();
  return (stream, headers) => {
    const address = stream.session?.socket.remoteAddress ?? '';
    const count = open.get(address) ?? 0;
    if (count >= max) {
      refuse(stream, headers, tooMany('concurrent-requests', max));
      return false;
    }
    open.set(address, count + 1);
    stream.once('close', () => {
      const left = (open.get(address) ?? 0) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
    return true;
  };
}

function limitBytes(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  bytesMax: number,
): void {
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax) refuse(stream, headers, new RequestTooLarge(bytesMax));
  });
}

/** What grpc-js listens with. It isn't part of its interface; there is no other way to bound the connections. */
interface Listening {
  http2Servers?: ReadonlyMap<NetServer, unknown>;
}

/** Closes connections at once that are more than so many. To be called when the server listens. */
export function limitConnections(server: Server, connectionsMax: number): void {
  const { http2Servers } = server as unknown as Listening;
  if (http2Servers === undefined) throw new Error('This release of grpc-js listens in a new way');
  for (const listening of http2Servers.keys()) listening.maxConnections = connectionsMax;
}

function valuesOf(name: string, rawHeaders: readonly string[]): string[] {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index] === name) values.push(rawHeaders[index + 1] ?? '');
  }
  return values;
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
      refuse(stream, headers, new DeadlineExceeded('The request took too long to arrive'));
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

/** Ends a stream, with the error as its status if it has none yet. */
function refuse(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, error: Error): void {
  if (!stream.headersSent) {
    const requestId = requestIdOf(headers['x-request-id']?.toString());
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

/** What grpc-js ends a call with; it doesn't export the type. */
type SentStatus = Pick<StatusObject, 'code' | 'details'> & {
  metadata?: Metadata | null | undefined;
};

/** The status of a call with a reason also where grpc-js has ended it by itself, such as for a message that is too large. */
export function withReason(sent: SentStatus): SentStatus {
  const { code, details, metadata } = sent;
  if (code === Status.OK || code === Status.CANCELLED) return sent;
  if (metadata?.get(detailsKey)[0] !== undefined) return sent;
  const requestId = requestIdOf(undefined);
  if (code === Status.DEADLINE_EXCEEDED) {
    return grpcStatusOf(statusOf(new DeadlineExceeded(details), requestId), requestId);
  }
  const error = new Undecodable(`The request can't be decoded: ${details}`);
  const status = statusOf(error, requestId);
  // To grpc-js, what can't be decompressed is an internal error.
  const isOfCaller = code === Status.INTERNAL;
  return grpcStatusOf(isOfCaller ? status : { ...status, code }, requestId);
}

/** A failure as grpc-js sends it. */
export function grpcStatusOf(status: CallStatus, requestId: string): StatusObject {
  const metadata = new Metadata();
  metadata.set('x-request-id', requestId);
  metadata.set(detailsKey, Buffer.from(encodeStatus(status)));
  return { code: status.code, details: status.message, metadata };
}
