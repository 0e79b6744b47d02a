import {
  constants,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { Metadata, type Server, status as Status, type StatusObject } from '@grpc/grpc-js';
import { ValidationFailed } from '../errors.ts';
import { createAddressLimit } from './address-limit.ts';
import { tooMany } from './caller-limits.ts';
import type { ConnectionRoom, OccupiedConnection } from './connection-room.ts';
import { DeadlineExceeded, NotImplemented } from './errors.ts';
import type { RpcLimits } from './limits.ts';
import { requestIdOf } from './request-id.ts';
import { type CallStatus, encodeStatus, statusOf } from './status.ts';
import { createStreamTimes } from './stream-times.ts';
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
    room,
    limits,
  }: {
    unaryPaths: ReadonlySet<string>;
    /** The paths of methods that need no token, and whether these stream. */
    publicPaths: ReadonlyMap<string, { streams: boolean }>;
    room: ConnectionRoom;
    limits: RpcLimits;
  },
): void {
  const internals = server as unknown as StreamHandling;
  const handle = internals._streamHandler;
  if (handle === undefined) throw new Error('This release of grpc-js handles streams in a new way');
  const limitTimes = createStreamTimes({
    arrivalMsMax: limits.requestArrivalMsMax,
    readingMsMax: limits.responseReadingMsMax,
  });
  const limitUnaryTimes = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) =>
    limitTimes(stream, () =>
      refuse(stream, headers, new DeadlineExceeded('The request took too long to arrive')),
    );
  const admitPublic = createPublicLimit(limits);
  const occupy = createOccupation(room);
  internals._streamHandler = (interceptors, stream, headers, flags, rawHeaders) => {
    // Also those that never get to grpc-js can be told of the end of their connection; without a listener that ends the process.
    stream.on('error', ignore);
    occupy(stream);
    const timeout = headers['grpc-timeout'];
    if (timeout !== undefined) {
      if (!isTimeout(String(timeout))) {
        refuse(
          stream,
          headers,
          new ValidationFailed('The header "grpc-timeout" must be a timeout such as "5S"'),
        );
        return;
      }
      headers['grpc-timeout'] = withinTimer(String(timeout));
    }
    // Node keeps only the first, and another process on the way may have looked at another.
    const tokens = valuesOf('authorization', rawHeaders);
    if (tokens !== undefined) Object.assign(headers, { authorization: tokens });
    const path = String(headers[':path']);
    if (unaryPaths.has(path)) {
      limitUnaryTimes(stream, headers);
      handle.call(server, interceptors, stream, headers, flags, rawHeaders);
    } else if (!publicPaths.has(path) && isGrpc(headers)) {
      refuse(stream, headers, new NotImplemented(`There is no method ${path.slice(1)} here`));
    } else if (admitPublic(stream, headers)) {
      // Calls that stream may take as long as they like.
      if (publicPaths.get(path)?.streams === false) limitUnaryTimes(stream, headers);
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

/** How long a stream that has ended still counts for its address. */
const closedStreamMs = 250;

/** Limits the streams without a token from each address; refuses the others. */
function createPublicLimit({
  publicStreamsPerAddressMax: max,
}: RpcLimits): (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean {
  const enter = createAddressLimit(max);
  return (stream, headers) => {
    const leave = enter(stream.session?.socket.remoteAddress ?? '');
    if (leave === undefined) refuse(stream, headers, tooMany('concurrent-requests', max));
    // A moment later, or streams that end at once would have no limit.
    else stream.once('close', () => setTimeout(leave, closedStreamMs).unref());
    return leave !== undefined;
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
    if (bytes <= bytesMax) return;
    const problem = `a stream without a token may have at most ${bytesMax} bytes of requests`;
    refuse(stream, headers, new ValidationFailed(`The request can't be decoded: ${problem}`));
  });
}

/** Has the room know which connections have calls. */
function createOccupation(room: ConnectionRoom): (stream: ServerHttp2Stream) => void {
  // To ask a session for its socket takes longer.
  const known = new WeakMap<Http2Session, OccupiedConnection>();
  return (stream) => {
    const { session } = stream;
    if (session === undefined) return;
    const connection = known.get(session) ?? room.of(session.socket);
    if (connection === undefined) return;
    known.set(session, connection);
    connection.begin();
    stream.on('close', connection.end);
  };
}

/** What grpc-js listens with. It isn't part of its interface; there is no other way to bound the connections. */
interface Listening {
  http2Servers?: ReadonlyMap<Http2Server, unknown>;
}

/** Bounds the connections, and how long they may take to begin as HTTP/2. To be called when the server listens. */
export function limitConnections(
  server: Server,
  room: ConnectionRoom,
  { requestArrivalMsMax }: Pick<RpcLimits, 'requestArrivalMsMax'>,
): void {
  const { http2Servers } = server as unknown as Listening;
  if (http2Servers === undefined) throw new Error('This release of grpc-js listens in a new way');
  for (const listening of http2Servers.keys()) {
    listening.on('connection', room.add);
    listening.on('session', (session) => {
      const timer = setTimeout(() => session.destroy(), requestArrivalMsMax).unref();
      const clear = () => clearTimeout(timer);
      session.once('remoteSettings', clear);
      session.once('close', clear);
    });
  }
}

/** The values of a header that was sent more than once. */
function valuesOf(name: string, rawHeaders: readonly string[]): string[] | undefined {
  const first = rawHeaders.indexOf(name);
  if (first < 0 || rawHeaders.indexOf(name, first + 1) < 0) return undefined;
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1] === name);
}

function ignore(): void {}

/** Ends a stream: with the error as its status, or, where a response has begun, by a code that gRPC takes for RESOURCE_EXHAUSTED. */
function refuse(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, error: Error): void {
  if (stream.destroyed || stream.closed) return;
  const hasBegun = stream.headersSent;
  if (!hasBegun) {
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
  stream.close(hasBegun ? constants.NGHTTP2_ENHANCE_YOUR_CALM : constants.NGHTTP2_NO_ERROR);
}

/** What grpc-js ends a call with; it doesn't export the type. */
type SentStatus = Pick<StatusObject, 'code' | 'details'> & {
  metadata?: Metadata | null | undefined;
};

/** How grpc-js itself ends calls whose message is too large, can't be decompressed or decoded, or is in an unknown encoding. */
const codesOfGrpcJs: ReadonlySet<Status> = new Set([
  Status.INTERNAL,
  Status.RESOURCE_EXHAUSTED,
  Status.UNIMPLEMENTED,
]);

/**
 * The status of a call with a reason also where grpc-js has ended it by itself. Once a request has been received, only its
 * deadline is the caller's: a response that is too large is not.
 */
export function withReason(
  sent: SentStatus,
  call: { requestId: string | undefined; isReceived: boolean },
): SentStatus {
  const { code, details, metadata } = sent;
  if (code === Status.OK || metadata?.get(detailsKey)[0] !== undefined) return sent;
  const requestId = requestIdOf(call.requestId);
  if (code === Status.DEADLINE_EXCEEDED) {
    return grpcStatusOf(statusOf(new DeadlineExceeded(details), requestId), requestId);
  }
  if (call.isReceived || !codesOfGrpcJs.has(code)) return sent;
  const error = new ValidationFailed(`The request can't be decoded: ${details}`);
  return grpcStatusOf(statusOf(error, requestId), requestId);
}

/** A failure as grpc-js sends it. */
export function grpcStatusOf(status: CallStatus, requestId: string): StatusObject {
  const metadata = new Metadata();
  metadata.set('x-request-id', requestId);
  metadata.set(detailsKey, Buffer.from(encodeStatus(status)));
  return { code: status.code, details: status.message, metadata };
}
