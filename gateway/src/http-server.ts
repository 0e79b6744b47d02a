import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { TokenVerifier } from '@loyalty/platform/auth/tokens.ts';
import { ValidationFailed } from '@loyalty/platform/errors.ts';
import type { Logger } from '@loyalty/platform/logging.ts';
import { createCallerLimits } from '@loyalty/platform/rpc/caller-limits.ts';
import { createConnectionAge } from '@loyalty/platform/rpc/connection-age.ts';
import {
  type ConnectionRoom,
  createConnectionRoom,
} from '@loyalty/platform/rpc/connection-room.ts';
import { closeIfBodyIsUnderWay, hasBody } from '@loyalty/platform/rpc/lingering-close.ts';
import { createRefusalBrake } from '@loyalty/platform/rpc/refusal-brake.ts';
import { requestIdOf } from '@loyalty/platform/rpc/request-id.ts';
import { hasOneHost, isOnlyChunked } from '@loyalty/platform/rpc/socket-response.ts';
import { traceIdOf } from '@loyalty/platform/telemetry/traceparent.ts';
import type { CertificateSource } from '@loyalty/platform/tls/certificates.ts';
import { renewCertificates, secureOptions } from '@loyalty/platform/tls/https.ts';
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify';
import { refuseTunnel, respondToConnectionError } from './connection-errors.ts';
import { allowOrigins } from './cors.ts';
import { HttpRefusal } from './http-refusal.ts';
import type { GatewayLimits } from './limits.ts';
import type { HttpMetrics } from './metrics.ts';
import { problemContentType, problemOf } from './problem.ts';
import { createDownloadLimits } from './reference/download-limits.ts';
import type { Page } from './reference/page.ts';
import { serveReference } from './reference/serve-reference.ts';
import { clientPath } from './request-from-http.ts';
import { createRequestLimits } from './request-limits.ts';
import type { Route } from './routes-from-descriptors.ts';
import { serveRoutes, traceparentOf } from './transcoder.ts';
import type { Call } from './upstreams.ts';

export interface HttpServerOptions {
  readonly routes: readonly Route[];
  /** What everybody may read. */
  readonly pages: readonly Page[];
  readonly call: Call;
  readonly verifier: TokenVerifier;
  readonly logger: Logger;
  /** Undefined to serve without TLS. */
  readonly tls: CertificateSource | undefined;
  /** Origins of browsers that may read responses; `*` for all. */
  readonly corsOrigins: readonly string[];
  readonly limits: GatewayLimits;
  /** Proxies that stand between the clients and this process. */
  readonly trustedProxies: number;
  readonly metrics: HttpMetrics;
  /** False once the process is to stop: then connections are closed after their response. */
  readonly isOpen: () => boolean;
}

/** The HTTP shell around the transcoder: bodies, request ids, errors, logs, metrics. */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { logger, limits, isOpen } = options;
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // One for each request costs a fifteenth of what a request allocates.
    childLoggerFactory: (ofServer) => ofServer,
    bodyLimit: limits.bodyBytesMax,
    trustProxy: (_address, hop) => hop < options.trustedProxies,
    requestTimeout: limits.requestArrivalMsMax,
    connectionTimeout: limits.silenceMsMax,
    ...serverOptions(options),
    // Connections that are open when the process stops are served until they are idle.
    return503OnClosing: false,
    // Node joins the values of a header that is sent twice; no request id has a comma.
    genReqId: (request: IncomingMessage) =>
      requestIdOf(request.headers['x-request-id']?.toString()),
    clientErrorHandler: respondToConnectionError,
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
  }) as unknown as FastifyInstance;

  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    requireHttp(request);
    done();
  });
  // Without listeners, Node responds to these by itself, before the token is checked.
  for (const event of ['checkContinue', 'checkExpectation']) {
    app.server.on(event, (request, response) => app.routing(request, response));
  }
  app.server.on('connect', refuseTunnel);
  const age = createConnectionAge(limits.connectionAgeMsMax);
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (!isOpen() || age.isOver(request.raw.socket)) reply.header('connection', 'close');
    closeIfBodyIsUnderWay(reply.raw);
    done();
  });
  // A request's log line has fixed fields and no credentials; searching each one for some took a third of what a request allocates.
  const requestLogger = logger.child({}, { redact: [] });
  app.addHook('onResponse', (request, reply, done) => {
    logRequest(requestLogger, request, reply);
    options.metrics.finished({
      method: request.target?.route.httpMethod ?? (request.page && 'GET'),
      route: routeOf(request),
      status: reply.statusCode,
      durationSeconds: reply.elapsedTime / 1000,
    });
    done();
  });
  const brake = createRefusalBrake();
  app.setErrorHandler(async (error, request, reply) => {
    await brake(error);
    await sendProblem(error, request, reply);
  });
  allowOrigins(app, options.corsOrigins);
  serveReference(app, { pages: options.pages, downloads: createDownloadLimits(limits.downloads) });
  readJsonBodies(app);
  serveRoutes(app, {
    ...options,
    requestLimits: createRequestLimits(limits, createCallerLimits(limits.callers)),
  });
  if (options.tls !== undefined) renewCertificates(app.server as HttpsServer, options.tls);
  const room = makeRoom(app.server, limits.connectionsMax);
  app.addHook('preClose', async () => room.closeUnused());
  return app;
}

function makeRoom(server: Pick<Server, 'on'>, connectionsMax: number): ConnectionRoom {
  const room = createConnectionRoom(connectionsMax);
  server.on('connection', room.add);
  for (const event of ['request', 'checkContinue', 'checkExpectation']) {
    server.on(event, ({ socket }: IncomingMessage, response: ServerResponse) => {
      const connection = room.of(socket);
      connection?.begin();
      response.once('close', () => connection?.end());
    });
  }
  return room;
}

/** What Node's own server is made with. */
function serverOptions({ limits, tls }: Pick<HttpServerOptions, 'limits' | 'tls'>) {
  const http = {
    headersTimeout: limits.requestArrivalMsMax,
    connectionsCheckingInterval: Math.min(1000, limits.requestArrivalMsMax),
    // Node would refuse a request without one by itself, in its own words.
    requireHostHeader: false,
  };
  if (tls === undefined) return { http };
  return {
    https: { ...http, ...secureOptions(tls), handshakeTimeout: limits.requestArrivalMsMax },
  };
}

/** @throws {HttpRefusal} for what HTTP/1.1 itself asks to be refused */
function requireHttp({ raw }: FastifyRequest): void {
  if (!hasOneHost(raw)) {
    const message = 'must be given once and not be empty, as HTTP/1.1 requires';
    throw new ValidationFailed([{ field: 'Host', message }]);
  }
  if (!isOnlyChunked(raw)) {
    const message = 'must be chunked, the only transfer coding that is understood';
    throw new ValidationFailed([{ field: 'Transfer-Encoding', message }]);
  }
  const { expect = '100-continue' } = raw.headers;
  if (expect.toLowerCase() !== '100-continue') {
    throw new HttpRefusal(417, 'The only expectation that can be met is 100-continue');
  }
}

const jsonMediaType = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;

function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body.length === 0 ? undefined : body),
  );
  app.addHook('preParsing', (request, reply, _payload, done) => {
    const { 'content-type': type, 'content-encoding': encoding = 'identity' } = request.headers;
    if (!hasBody(request.raw)) {
      done();
      return;
    }
    if (type === undefined || !jsonMediaType.test(type)) {
      throw new HttpRefusal(415, 'The body must be application/json in UTF-8');
    }
    if (encoding !== 'identity') {
      throw new HttpRefusal(415, 'The body must come without a content encoding');
    }
    if (request.headers.expect !== undefined) reply.raw.writeContinue();
    done();
  });
}

async function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const route = request.target?.route;
  const { problem, headers } = problemOf(refusalOf(error, request), request.id, (field) =>
    route === undefined ? field : clientPath(route, field),
  );
  request.reason = problem.reason;
  if (problem.status >= 500) {
    const level = problem.reason === 'INTERNAL' ? 'error' : 'warn';
    request.log[level]({ requestId: request.id, err: error, reason: problem.reason }, 'failed');
  }
  await reply
    .code(problem.status)
    .headers({ 'cache-control': 'no-store', ...headers })
    .header('x-request-id', request.id)
    .type(problemContentType)
    .send(Buffer.from(JSON.stringify(problem)));
}

function badTarget({ raw }: FastifyRequest): string {
  return raw.url?.startsWith('/')
    ? 'the path is not percent-encoded UTF-8'
    : 'the request target is not a valid URL; send the path alone, such as /v1/programs';
}

/** Fastify's own complaints in this API's words. */
function refusalOf(error: unknown, request: FastifyRequest): unknown {
  if (!isComplaint(error)) return error;
  const { statusCode } = error;
  if (statusCode === 413) return new HttpRefusal(413, 'The body is larger than 1 MiB');
  if (statusCode === 415) {
    return new HttpRefusal(415, 'The body must be application/json in UTF-8');
  }
  if (statusCode >= 400 && statusCode < 500) {
    // Fastify's own words repeat the path, however long it is.
    const message = error.code === 'FST_ERR_BAD_URL' ? badTarget(request) : error.message;
    return new ValidationFailed([{ field: '', message }], { cause: error });
  }
  return error;
}

/** Fastify's errors are no errors to the language, only objects with the members of one. */
function isComplaint(
  error: unknown,
): error is { statusCode: number; message: string; code?: string } {
  return (
    typeof error === 'object' &&
    error !== null &&
    'statusCode' in error &&
    typeof error.statusCode === 'number' &&
    'message' in error
  );
}

/** The template or page that the request is for: one of a few. */
function routeOf({ target, page }: FastifyRequest): string | undefined {
  return target?.route.path ?? page?.path;
}

function logRequest(logger: Logger, request: FastifyRequest, reply: FastifyReply): void {
  const route = routeOf(request);
  const isSuccess = reply.statusCode < 400;
  if (route === undefined && isSuccess) return; // preflights
  const level = isSuccess ? 'debug' : 'info';
  if (!logger.isLevelEnabled(level)) return;
  logger[level](
    {
      requestId: request.id,
      httpMethod: request.method,
      // The route and not the path: that one is the caller's business, and has no bounds.
      route,
      status: reply.statusCode,
      reason: request.reason,
      durationMs: Math.round(reply.elapsedTime * 100) / 100,
      subject: request.caller?.subject,
      traceId: traceIdOf(traceparentOf(request)),
    },
    'call',
  );
}
