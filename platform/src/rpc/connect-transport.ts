import { IncomingMessage, ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import { create, type DescMethodUnary, type Message, toBinary, toJson } from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  createConnectRouter,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from '@connectrpc/connect';
import type { UniversalHandler } from '@connectrpc/connect/protocol';
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from '@connectrpc/connect-node';
import { Unauthenticated } from '../auth/errors.ts';
import { idsInBinary, readBinaryMessage } from '../binary-message.ts';
import { ValidationFailed } from '../errors.ts';
import { idsInJson, shapeOfIds } from '../json/ids-in-json.ts';
import { readJsonMessage } from '../json/json-message.ts';
import { jsonIn } from '../json/json-text.ts';
import type { Logger } from '../logging.ts';
import { peerNamesOf } from '../tls/peer-names.ts';
import { createAddressLimit } from './address-limit.ts';
import { connectErrorOf } from './connect-error.ts';
import { asksForJsonNames, fieldNamesHeader } from './field-names.ts';
import type { Mountable } from './handler.ts';
import type { HttpRequest, HttpResponse } from './http-port.ts';
import { answerProblem, type HttpProblem } from './http-problem.ts';
import type { RpcLimits } from './limits.ts';
import { closeIfBodyIsUnderWay } from './lingering-close.ts';
import { handlerOf, unaryMethodsOf } from './mount.ts';
import type { Codec, Identity, Pipeline, Route } from './pipeline.ts';
import { type RawBody, takeBody, withoutBody } from './raw-body.ts';
import { isTimeout, withinTimer, withinTimerMs } from './timeout-header.ts';
import { createUnknownMethodHandler, isMethodPath } from './unknown-method.ts';

/** What is known of a request before the library looks at it. */
interface Received {
  /** Calls back when the response has been read or given up; at once if it has. */
  readonly whenClosed: (done: () => void) => void;
  readonly body: RawBody | undefined;
  readonly identity: Promise<Identity>;
  /** Whether the pipeline has the call, and lets go of the caller's admission when it ends. */
  isServed: boolean;
}

const receivedKey = createContextKey<Received | undefined>(undefined);
const compressions = [compressionGzip, compressionBrotli];

export interface ConnectTransportOptions {
  pipeline: Pipeline;
  services: readonly Mountable[];
  limits: RpcLimits;
  logger: Logger;
}

/**
 * Connect, gRPC-Web and gRPC for browsers, curl and Connect clients. The function returned serves a request if it is
 * for a method, also one that there isn't, and says whether it was.
 */
export function createConnectTransport({
  pipeline,
  services,
  limits,
  logger,
}: ConnectTransportOptions): (request: HttpRequest, response: HttpResponse) => boolean {
  const router = createConnectRouter({
    readMaxBytes: limits.requestBytesMax,
    writeMaxBytes: limits.responseBytesMax,
    acceptCompression: compressions,
  });
  for (const mountable of services) {
    for (const method of unaryMethodsOf(mountable.service)) {
      const route = pipeline.route(method, {
        transport: 'connect',
        handler: handlerOf(mountable, method),
        codec: rawCodec(method),
      });
      router.rpc(method, (_request, context) => serveCall(pipeline, route, context));
    }
  }
  const unknownMethod = createUnknownMethodHandler(logger);
  const canRefuse = createRefusalLimit(limits.unreadRefusalsPerAddressMax);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const isUnknownMethod = request.method === 'POST' && isMethodPath(path);
    const handler = handlers.get(path) ?? (isUnknownMethod ? unknownMethod : undefined);
    if (handler === undefined) return false;
    if (request.method !== 'POST') {
      // The library would serve reads by GET as well, with a message from the query that its own parser reads.
      response.setHeader('allow', 'POST');
      answerProblem(response, {
        status: 405,
        title: 'Method not allowed',
        detail: 'Methods are called by POST',
      });
      return true;
    }
    const context = { pipeline, handler, canRefuse, bytesMax: limits.requestBytesMax };
    serveHttp(context, request, response).catch((error: unknown) => {
      if (request.destroyed || response.destroyed) return;
      logger.warn({ err: error, method: handler.method.name }, 'request failed outside of a call');
      answerProblem(response, {
        status: 400,
        title: 'Bad request',
        detail: "The request can't be read",
      });
      response.end();
    });
    return true;
  };
}

async function serveHttp(
  {
    pipeline,
    handler,
    canRefuse,
    bytesMax,
  }: {
    pipeline: Pipeline;
    handler: UniversalHandler;
    canRefuse: RefusalLimit;
    bytesMax: number;
  },
  request: HttpRequest,
  response: HttpResponse,
): Promise<void> {
  const problem = mendTimeouts(request);
  // HTTP/1.0 needs none, and the library makes a URL of it that nobody looks at.
  if (request instanceof IncomingMessage) request.headers.host ??= 'localhost';
  const contextValues = createContextValues();
  const universal = universalRequestFromNodeRequest(request, response, undefined, contextValues);
  const identity = identified(pipeline, request);
  const leave = () => {
    identity.then(
      ({ admission }) => admission.release(),
      () => {},
    );
  };
  let received: Received | undefined;
  let isRefused = false;
  let isClosed = false;
  const whenClosed = (done: () => void) => {
    if (isClosed) done();
    else response.once('close', done);
  };
  response.once('close', () => {
    isClosed = true;
    // A call may end without a handler, such as one of an unknown method.
    if (isRefused || received?.isServed !== true) leave();
  });
  let taken: Awaited<ReturnType<typeof takeBody>>;
  let admitted: Promise<Identity> = identity;
  try {
    const { admission } = await identity;
    if (problem !== undefined) throw new ValidationFailed(problem);
    const count = (bytes: number) => admission.addBytes(bytes);
    taken = await takeBody(universal, { compressions, bytesMax, count });
  } catch (error) {
    isRefused = true;
    if (error instanceof Unauthenticated && !canRefuse(request, response)) return;
    // The body of a caller who isn't let in isn't read, and their call fails for that reason.
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => undefined);
    reject(error);
    admitted = promise;
    taken = { request: withoutBody(universal), body: { problem: 'it was not read' } };
  }
  received = { body: taken.body, identity: admitted, isServed: false, whenClosed };
  contextValues.set(receivedKey, received);
  if (response instanceof ServerResponse) closeIfBodyIsUnderWay(response);
  const answer = await handler(taken.request);
  if (answer.status === 415 && answer.body === undefined) {
    answerProblem(response, unknownType);
    return;
  }
  // The library knows no status of HTTP for it; the code and the reason in the body are those of any bad request.
  const isTooLarge = answer.status === 400 && isTooLargeBody(taken.body);
  await universalResponseToNodeResponse(isTooLarge ? { ...answer, status: 413 } : answer, response);
}

/** What the headers say of who calls. */
async function identified(pipeline: Pipeline, request: HttpRequest): Promise<Identity> {
  return await pipeline.identify({
    authorization: valuesOf(request, 'authorization'),
    peer: () => ({
      address: request.socket.remoteAddress,
      names: () => peerNamesOf(request.socket),
    }),
  });
}

type RefusalLimit = (request: HttpRequest, response: HttpResponse) => boolean;

/**
 * Bounds the refusals of unknown callers that one address leaves unread on streams of HTTP/2, which no limit of a caller
 * counts. Beyond it their streams are reset, and the function returned says that they can't be answered.
 */
function createRefusalLimit(max: number): RefusalLimit {
  const enter = createAddressLimit(max);
  return (request, response) => {
    if (!('stream' in request)) return true;
    const leave = enter(request.socket.remoteAddress ?? '');
    if (leave === undefined) request.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    else response.once('close', leave);
    return leave !== undefined;
  };
}

/** Clamps timeouts to what timers can take; returns what is wrong with one that can't be read. */
function mendTimeouts({ headers }: HttpRequest): string | undefined {
  const { 'grpc-timeout': timeout, 'connect-timeout-ms': timeoutMs } = headers;
  if (timeout !== undefined && !isTimeout(String(timeout))) {
    delete headers['grpc-timeout'];
    return 'The header "grpc-timeout" must be a timeout such as "5S"';
  }
  if (timeoutMs !== undefined && !/^\d{1,10}$/.test(String(timeoutMs))) {
    delete headers['connect-timeout-ms'];
    return 'The header "connect-timeout-ms" must be a number of milliseconds with at most ten digits';
  }
  if (timeout !== undefined) headers['grpc-timeout'] = withinTimer(String(timeout));
  if (timeoutMs !== undefined) headers['connect-timeout-ms'] = withinTimerMs(String(timeoutMs));
  return undefined;
}

const unknownType: HttpProblem = {
  status: 415,
  title: 'Unsupported media type',
  detail:
    'The content type must be application/json or application/proto, or one of gRPC or gRPC-Web in binary form',
};

/** Every value that a header was sent with; the merged headers have only the first of some. */
function valuesOf({ rawHeaders }: HttpRequest, name: string): string[] {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name,
  );
}

function rawCodec({ input, output }: DescMethodUnary): Codec<RawBody, Message> {
  return {
    decode(raw) {
      if ('problem' in raw) throw new Error(raw.problem);
      return raw.format === 'json'
        ? readJsonMessage(input, raw.bytes)
        : readBinaryMessage(input, raw.bytes);
    },
    idsOf(raw, access) {
      if ('problem' in raw) return { programId: undefined, userId: undefined };
      return raw.format === 'json'
        ? idsInJson(access, jsonIn(raw.bytes, shapeOfIds(access)))
        : idsInBinary(access, raw.bytes);
    },
    // The library encodes only after the call has ended well, and would tell the caller why it can't. So it is tried
    // here, for the price of encoding twice.
    encode(response, raw) {
      const message = create(output, response);
      if (isJson(raw)) toJson(output, message);
      else toBinary(output, message);
      return message;
    },
  };
}

function isTooLargeBody(body: RawBody | undefined): boolean {
  return body !== undefined && 'problem' in body && body.isTooLarge === true;
}

function isJson(raw: RawBody): boolean {
  return 'format' in raw && raw.format === 'json';
}

function serveCall(
  pipeline: Pipeline,
  route: Route<RawBody, Message>,
  context: HandlerContext,
): Promise<Message> {
  const received = context.values.get(receivedKey);
  if (received?.body === undefined) throw new Error(`${route.name} was called without a body`);
  const { body: raw, identity, whenClosed } = received;
  return new Promise((resolve, reject) => {
    const timeoutMs = context.timeoutMs();
    const cancel = pipeline.serve(
      route,
      {
        raw,
        requestId: context.requestHeader.get('x-request-id') ?? undefined,
        traceparent: context.requestHeader.get('traceparent') ?? undefined,
        identify() {
          received.isServed = true;
          return identity;
        },
        deadlineMs: timeoutMs === undefined ? undefined : Date.now() + timeoutMs,
        usesJsonNames: () =>
          isJson(raw) || asksForJsonNames(context.requestHeader.get(fieldNamesHeader) ?? undefined),
        releaseWhenClosed(admission) {
          whenClosed(() => admission.release());
        },
      },
      {
        succeed(response, requestId) {
          context.responseHeader.set('x-request-id', requestId);
          resolve(response);
        },
        fail: (status, requestId) => reject(connectErrorOf(status, requestId)),
      },
    );
    // When its time is up, the pipeline ends the call itself: Connect's timer may be earlier than its clock.
    const cancelUnlessLate = () => {
      if (!isTimeUp(context.signal.reason)) cancel();
    };
    context.signal.addEventListener('abort', cancelUnlessLate);
    if (context.signal.aborted) cancelUnlessLate();
  });
}

function isTimeUp(reason: unknown): boolean {
  return reason instanceof ConnectError && reason.code === Code.DeadlineExceeded;
}
