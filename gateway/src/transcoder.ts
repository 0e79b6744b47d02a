import type { Message } from '@bufbuild/protobuf';
import { requireReach, requireRole } from '@loyalty/platform/auth/access.ts';
import type { Caller, TokenVerifier } from '@loyalty/platform/auth/tokens.ts';
import { createIdentification } from '@loyalty/platform/rpc/identification.ts';
import { traceIdOf } from '@loyalty/platform/telemetry/traceparent.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { idsInPath, idsInRequest } from './accessed-ids.ts';
import { HttpRefusal } from './http-refusal.ts';
import type { GatewayLimits } from './limits.ts';
import { type HttpInput, requestFromHttp } from './request-from-http.ts';
import type { RequestLimits } from './request-limits.ts';
import { responseFromMessage } from './response-from-message.ts';
import { createRouteTable, type Match } from './route-table.ts';
import type { Route } from './routes-from-descriptors.ts';
import { sendResponse } from './send-response.ts';
import type { Call } from './upstreams.ts';

/** Where a request goes. */
interface Target {
  readonly route: Route;
  /** Raw path segments for the route's path fields. */
  readonly values: readonly string[];
}

/** A request that has no route. */
type Stray = Exclude<Match<Route>, { found: 'route' }>;

declare module 'fastify' {
  interface FastifyRequest {
    /** Known once the route is found. */
    target: Target | undefined;
    /** Known once the token is verified. */
    caller: Caller | undefined;
    /** Settles when the service has responded, or isn't waited for; undefined if nothing was sent to it. */
    work: Promise<unknown> | undefined;
    /** Why the request was refused. */
    reason: string | undefined;
  }
}

export interface TranscoderOptions {
  readonly routes: readonly Route[];
  readonly call: Call;
  readonly verifier: TokenVerifier;
  readonly requestLimits: RequestLimits;
  readonly limits: GatewayLimits;
}

/**
 * Serves every RPC that has a route: finds it, verifies the token, builds the message, calls the service, and responds.
 */
export function serveRoutes(app: FastifyInstance, options: TranscoderOptions): void {
  const identify = createIdentification({
    verifier: options.verifier,
    perAddressMax: options.limits.strangersPerAddressMax,
    isTrusted: () => false,
  });
  const table = createRouteTable(options.routes);
  app.decorateRequest('target', undefined);
  app.decorateRequest('caller', undefined);
  app.decorateRequest('work', undefined);
  app.decorateRequest('reason', undefined);
  const admit = async (
    request: FastifyRequest,
    reply: FastifyReply,
    authorize: (caller: Caller) => void,
  ) => {
    const arrival = options.requestLimits.arrive();
    reply.raw.once('close', () => {
      // A change goes on after its client has left, and counts as long.
      if (request.work === undefined) arrival.leave();
      else request.work.then(arrival.leave, arrival.leave);
    });
    try {
      const caller = await identify({
        authorization: request.raw.headersDistinct['authorization'] ?? [],
        peer: () => ({ address: request.ip, names: () => [] }),
      });
      request.caller = caller;
      arrival.identify(caller, announcedBytes(request, options.limits));
      authorize(caller);
    } catch (error) {
      // A client that doesn't read the refusal holds up nobody.
      arrival.leave();
      throw error;
    }
  };
  // Refusing takes time, too: who sends a token is held to their limits wherever the request goes.
  const refuseStray = async (stray: Stray, request: FastifyRequest, reply: FastifyReply) => {
    const refuse = () => {
      throw strayRefusal(stray);
    };
    if (request.raw.headers.authorization === undefined) refuse();
    else await admit(request, reply, refuse);
  };
  // Requests by a method that Fastify takes no route for.
  app.setNotFoundHandler(async (request, reply) => {
    const match = table(request.method, urlOf(request).path);
    if (match.found !== 'route') await refuseStray(match, request, reply);
  });
  app.route({
    method: ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'],
    url: '*',
    // Before the body is read: who can't be served isn't listened to.
    onRequest: async (request, reply) => {
      const match = table(request.method, urlOf(request).path);
      if (match.found !== 'route') return await refuseStray(match, request, reply);
      request.target = match;
      const { route, values } = match;
      await admit(request, reply, (caller) => {
        requireRole(route.access, caller);
        requireReach(route.access, caller, idsInPath(route, { values, caller }));
      });
    },
    handler: (request, reply) => {
      const response = serve(options, request, reply);
      request.work = response;
      return response;
    },
  });
}

/** How large the body is going to be; one that doesn't say so may be as large as any. */
function announcedBytes({ headers }: FastifyRequest, { bodyBytesMax }: GatewayLimits): number {
  if (headers['transfer-encoding'] !== undefined) return bodyBytesMax;
  // A larger one is refused before it is read.
  return Math.min(Number(headers['content-length'] ?? 0), bodyBytesMax);
}

/** 404, or 405 where the path allows other methods. */
function strayRefusal(match: Stray): HttpRefusal {
  if (match.found === 'nothing') return new HttpRefusal(404, 'There is nothing at this path');
  const allow = match.allow.join(', ');
  return new HttpRefusal(405, `The path allows ${allow}`, { allow });
}

/** The request's target as it was sent: decoding it before the route is known would mix up ids and paths. */
function urlOf(request: FastifyRequest): { path: string; query: string } {
  const url = request.raw.url ?? '';
  const question = url.indexOf('?');
  return question < 0
    ? { path: url, query: '' }
    : { path: url.slice(0, question), query: url.slice(question + 1) };
}

async function serve(
  { call, limits }: TranscoderOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { target, caller } = request;
  if (target === undefined || caller === undefined) throw new Error('served before it was matched');
  const { route, values } = target;
  const message = messageOf(route, {
    values,
    query: urlOf(request).query,
    headerValues: (header) => request.raw.headersDistinct[header.toLowerCase()] ?? [],
    body: request.body as Buffer | undefined,
    caller,
  });
  const response = await call(route.method, message, {
    caller,
    requestId: request.id,
    traceparent: traceparentOf(request),
    deadlineMs: Date.now() + limits.callMsMax,
    fieldNames: 'json',
    // A change is worth finishing although nobody waits for it any longer: the client is going to repeat it.
    signal: route.reads ? abandonment(reply) : undefined,
  });
  return await sendResponse(reply, route, responseFromMessage(route, response));
}

/** Who may not make a call isn't told what is wrong with it. */
function messageOf(route: Route, input: HttpInput): Message {
  try {
    return requestFromHttp(route, input);
  } catch (error) {
    requireReach(route.access, input.caller, idsInRequest(route, input));
    throw error;
  }
}

/**
 * The trace that the request belongs to. It is passed on unchanged, because the gateway records no spans of its own.
 */
export function traceparentOf({ headers }: FastifyRequest): string | undefined {
  const traceparent = String(headers['traceparent'] ?? '');
  return traceIdOf(traceparent) === undefined ? undefined : traceparent;
}

/** Aborts when the client disconnects before the response. */
function abandonment(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
