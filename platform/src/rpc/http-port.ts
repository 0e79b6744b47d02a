import {
  createServer as createHttp1Server,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import {
  constants,
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { CertificateSource } from '../tls/certificates.ts';
import { renewCertificates, secureOptions } from '../tls/https.ts';
import { createConnectionAge } from './connection-age.ts';
import { createConnectionRoom } from './connection-room.ts';
import { answerProblem } from './http-problem.ts';
import { refusalOptions, refuseByProblem, servingValid, tookTooLong } from './http-refusals.ts';
import type { RpcLimits } from './limits.ts';
import { createStreamTimes } from './stream-times.ts';

export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;

export interface HttpPort {
  /** Starts to listen; resolves to the port. */
  listen(listen: { host: string; port: number }): Promise<number>;
  /** Stops listening, lets requests end, and cuts what is left after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/**
 * HTTP/1.1 and HTTP/2 on one port. With TLS, client and server agree on one of them; without TLS, a connection that begins
 * with HTTP/2's preface is HTTP/2.
 */
export function createHttpPort(
  serve: (request: HttpRequest, response: HttpResponse) => void,
  { limits, tls }: { limits: RpcLimits; tls: CertificateSource | undefined },
): HttpPort {
  let closing = false;
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const age = createConnectionAge(limits.connectionAgeMsMax);

  const http1Options = {
    ...refusalOptions,
    requestTimeout: limits.requestArrivalMsMax,
    headersTimeout: limits.requestArrivalMsMax,
    connectionsCheckingInterval: 1000,
    keepAliveTimeout: Math.min(limits.connectionIdleMsMax, 65_000),
  };
  const room = createConnectionRoom(limits.connectionsMax);
  const serveValid = servingValid((request: HttpRequest, response: HttpResponse) => {
    const connection = room.of(request.socket);
    connection?.begin();
    if (connection !== undefined) response.once('close', connection.end);
    serve(request, response);
  });
  const serveHttp1 = (request: IncomingMessage, response: ServerResponse) => {
    if (closing || age.isOver(request.socket)) response.setHeader('connection', 'close');
    response.once('close', () => {
      if (closing) http1.closeIdleConnections();
    });
    serveValid(request, response);
  };
  const http1 =
    tls === undefined
      ? createHttp1Server(http1Options, serveHttp1)
      : createHttpsServer(
          {
            ...http1Options,
            ...secureOptions(tls),
            ALPNProtocols: ['h2', 'http/1.1'],
            handshakeTimeout: limits.requestArrivalMsMax,
          },
          serveHttp1,
        );
  http1.setTimeout(limits.silenceMsMax);
  http1.on('checkExpectation', serveHttp1);
  refuseByProblem(http1);
  const http2 = createHttp2Server({
    settings: { maxConcurrentStreams: limits.streamsPerConnectionMax },
  });
  const limitTimes = createStreamTimes({
    arrivalMsMax: limits.requestArrivalMsMax,
    readingMsMax: limits.responseReadingMsMax,
  });
  // HTTP/1.1 requests are timed by Node itself.
  const serveHttp2 = (request: Http2ServerRequest, response: Http2ServerResponse) => {
    const { stream } = response;
    limitTimes(stream, () => {
      answerProblem(response, tookTooLong);
      // A stream that only one side has ended stays open.
      stream.close(constants.NGHTTP2_NO_ERROR);
    });
    serveValid(request, response);
  };
  http2.on('request', serveHttp2);
  http2.on('checkExpectation', serveHttp2);
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    age.limit(session);
    session.setTimeout(limits.connectionIdleMsMax, () => session.close());
    if (closing) session.close();
  });

  http1.on('connection', (socket: Socket) => {
    room.add(socket);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  // Node's own listener for connections serves HTTP/1.1 only; it is kept for those that turn out to be.
  const established = tls === undefined ? 'connection' : 'secureConnection';
  const [begin] = http1.listeners(established) as ((socket: Socket) => void)[];
  if (begin !== undefined) http1.off(established, begin);
  const accept = (socket: Socket, isHttp2: boolean) => {
    if (isHttp2) http2.emit('connection', socket);
    else begin?.call(http1, socket);
  };
  if (tls === undefined) {
    http1.on('connection', (socket: Socket) =>
      sniff(socket, limits.requestArrivalMsMax, (isHttp2) => accept(socket, isHttp2)),
    );
  } else {
    http1.on('secureConnection', (socket: TLSSocket) =>
      accept(socket, socket.alpnProtocol === 'h2'),
    );
    renewCertificates(http1 as HttpsServer, tls);
  }

  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        http1.once('error', reject);
        http1.listen(port, host, () => {
          http1.off('error', reject);
          resolve((http1.address() as AddressInfo).port);
        });
      }),
    close: (graceMs) =>
      new Promise((resolve) => {
        closing = true;
        const timer = setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, graceMs);
        http1.close(() => {
          clearTimeout(timer);
          resolve();
        });
        http1.closeIdleConnections();
        // Node takes a connection that hasn't sent anything for busy.
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
        for (const session of sessions) session.close();
      }),
  };
}

const preface = Buffer.from('PRI');

/** Takes a connection's first three bytes, and puts them back once they have come; ends it if its client ends it before. */
function sniff(socket: Socket, waitMsMax: number, decide: (isHttp2: boolean) => void): void {
  const giveUp = () => socket.destroy();
  socket.setTimeout(waitMsMax, giveUp);
  socket.on('error', giveUp);
  socket.on('end', giveUp);
  let first: Buffer = Buffer.alloc(0);
  const look = () => {
    const next = socket.read() as Buffer | null;
    if (next === null) return;
    first = Buffer.concat([first, next]);
    const length = Math.min(first.length, preface.length);
    const fits = first.subarray(0, length).equals(preface.subarray(0, length));
    // To put back what is incomplete would be to be called with it again, and again.
    if (fits && first.length < preface.length) return;
    socket.off('readable', look);
    socket.unshift(first);
    socket.off('error', giveUp);
    socket.off('end', giveUp);
    socket.setTimeout(0);
    socket.off('timeout', giveUp);
    decide(fits);
  };
  socket.on('readable', look);
}
