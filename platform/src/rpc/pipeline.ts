import type { DescMethodUnary, Message, MessageInitShape } from '@bufbuild/protobuf';
import {
  type Access,
  type AccessedIds,
  accessOf,
  authorize,
  requireReach,
  requireRole,
} from '../auth/access.ts';
import type { Caller } from '../auth/tokens.ts';
import { ValidationFailed } from '../errors.ts';
import type { Logger } from '../logging.ts';
import type { CallMetrics, RpcMetrics } from '../telemetry/metrics.ts';
import type { createAdmissions } from './admissions.ts';
import type { Admission } from './caller-limits.ts';
import { type ReasonCheck, reasonCheckOf } from './declared-reasons.ts';
import { Cancelled, DeadlineExceeded, Overloaded } from './errors.ts';
import type { AnyHandler } from './handler.ts';
import type { Credentials, createIdentification } from './identification.ts';
import { createRefusalBrake } from './refusal-brake.ts';
import { requestIdOf } from './request-id.ts';
import { RunningCall } from './running-call.ts';
import { type CallStatus, codeName, statusOf } from './status.ts';
import { timerMsMax } from './timeout-header.ts';
import { validatorOf } from './validation.ts';

export type TransportName = 'grpc' | 'connect';

type Response = MessageInitShape<DescMethodUnary['output']>;

/** How a transport's form of requests becomes messages, and messages its form of responses. */
export interface Codec<Raw, Encoded> {
  /** May throw anything: the request is refused with VALIDATION_FAILED, and the violations of a ValidationFailed. */
  decode(raw: Raw): Message;
  /** The ids that decide who may call, as far as they are found in a request that can't be decoded. */
  idsOf(raw: Raw, access: Access): AccessedIds;
  /** Gets what the handler returned, and the request, whose form the response may have to follow. */
  encode(response: Response, raw: Raw): Encoded;
}

/** A method at one transport, with everything prepared that doesn't depend on the call. */
export interface Route<Raw, Encoded> {
  /** `loyalty.ledger.v1.LedgerService/Earn` */
  readonly name: string;
  readonly transport: TransportName;
  readonly input: DescMethodUnary['input'];
  readonly access: Access;
  readonly checkReason: ReasonCheck;
  readonly metrics: CallMetrics;
  readonly validate: (request: Message) => void;
  readonly handler: AnyHandler;
  readonly codec: Codec<Raw, Encoded>;
}

/** Who calls, and what holds them to their limits until the call ends. */
export interface Identity {
  readonly caller: Caller;
  readonly admission: Admission;
}

/** A call as a transport received it. */
export interface Incoming<Raw> {
  readonly raw: Raw;
  /** The header `x-request-id`. */
  readonly requestId: string | undefined;
  /** The header `traceparent`. */
  readonly traceparent: string | undefined;
  /** Asked for once, before anything else is looked at. Fails as {@link Pipeline.identify} does. */
  identify(): Identity | Promise<Identity>;
  /** Milliseconds since the epoch; undefined if the caller set no deadline. */
  readonly deadlineMs: number | undefined;
  /** Whether errors are to name fields as JSON does. A function, because calls that go well have no use for it. */
  usesJsonNames(): boolean;
  /** Ends the call for its caller once the response has been read or given up: until then it takes memory. */
  releaseWhenClosed(admission: Admission): void;
}

/** How a transport answers a call; exactly one of the two is called, once. */
export interface Answer<Encoded> {
  succeed(encoded: Encoded, requestId: string): void;
  fail(status: CallStatus, requestId: string): void;
}

export interface Pipeline {
  /** Throws if the method has no usable access option or validation rules. */
  route<Raw, Encoded>(
    method: DescMethodUnary,
    options: { transport: TransportName; handler: AnyHandler; codec: Codec<Raw, Encoded> },
  ): Route<Raw, Encoded>;
  /**
   * Verifies who calls, and lets them in; at once where their token is known.
   *
   * @throws {Unauthenticated}
   * @throws {RateLimited} when the caller has too much in flight, or calls too often, or the address has too many strangers
   * @throws {RequestTooLarge} {@link Overloaded}
   */
  identify(credentials: Credentials): Identity | Promise<Identity>;
  /** Serves a call. The function returned is to be called when the caller goes away; after the response it does nothing. */
  serve<Raw, Encoded>(
    route: Route<Raw, Encoded>,
    incoming: Incoming<Raw>,
    answer: Answer<Encoded>,
  ): () => void;
}

export interface PipelineOptions {
  logger: Logger;
  /** Finds out who calls. */
  identify: ReturnType<typeof createIdentification>;
  metrics: RpcMetrics;
  defaultDeadlineMs: number;
  callsInFlightMax: number;
  /** Lets in a caller who comes by way of a peer. */
  admit: ReturnType<typeof createAdmissions>;
  translateError: (error: unknown) => unknown;
}

/** A call with all that serves it. */
interface Served<Raw, Encoded> {
  readonly route: Route<Raw, Encoded>;
  readonly incoming: Incoming<Raw>;
  readonly answer: Answer<Encoded>;
  readonly call: RunningCall;
}

/** The one way that every call goes, whichever transport it came through. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { logger, metrics, defaultDeadlineMs, callsInFlightMax } = options;
  // Lines of calls have fixed fields and no credentials, and looking for some takes longer than the line.
  const callLogger = logger.child({}, { redact: [] });
  const brake = createRefusalBrake();
  let inFlight = 0;

  async function respond<Raw, Encoded>({
    route,
    incoming,
    call,
  }: Served<Raw, Encoded>): Promise<Encoded> {
    const { caller, admission } = await incoming.identify();
    call.caller = caller;
    call.admission = admission;
    if (call.finished) throw new Cancelled('The caller went away');
    if (inFlight > callsInFlightMax) {
      throw new Overloaded('The service has reached its limit of calls in flight');
    }
    // Before the request is decoded, which can cost much.
    requireRole(route.access, caller);
    const request = decoded(route, incoming.raw, caller);
    call.memberOnly = authorize(route.access, caller, request);
    route.validate(request);
    if (call.deadlineMs <= Date.now()) throw deadlineExceeded();
    const response = await route.handler(request, call);
    if (call.memberOnly && route.access.own === 'LOADED_OWNER' && !call.ownerAsserted) {
      throw new Error(`${route.name} responded to a member without asserting the owner`);
    }
    return route.codec.encode(response, incoming.raw);
  }

  async function run<Raw, Encoded>(served: Served<Raw, Encoded>): Promise<void> {
    const { route, incoming, answer, call } = served;
    let encoded: Encoded;
    try {
      encoded = await respond(served);
    } catch (error) {
      // Those who were let in aren't over their limits. Within the call's time, or its caller would never learn the reason.
      if (call.admission === undefined) {
        await brake(error, { pauseMsMax: (call.deadlineMs - Date.now()) / 2 });
      }
      end(incoming, call);
      fail(served, error);
      return;
    }
    end(incoming, call);
    if (!finish(route, call, 'OK')) return;
    if (callLogger.isLevelEnabled('debug')) callLogger.debug(lineOf(route, call, 'OK'), 'call');
    answer.succeed(encoded, call.requestId);
  }

  function fail<Raw, Encoded>(
    { route, answer, call }: Served<Raw, Encoded>,
    thrown: unknown,
  ): void {
    if (call.finished) return;
    const error = options.translateError(thrown);
    const status = statusOf(error, call.requestId, call.fieldNaming(route.input));
    finish(route, call, codeName(status.code));
    logFailure(status.reason === 'OVERLOADED' ? callLogger : logger, route, call, status, error);
    route.checkReason(status.reason, call);
    answer.fail(status, call.requestId);
  }

  function giveUp<Raw, Encoded>(served: Served<Raw, Encoded>, reason: Error): void {
    const { call } = served;
    if (call.finished) return;
    call.abort(reason);
    fail(served, reason);
  }

  function expire<Raw, Encoded>(served: Served<Raw, Encoded>): void {
    giveUp(served, deadlineExceeded());
  }

  /** Ends the call's time; false if it had ended before. */
  function finish(route: Route<never, unknown>, call: RunningCall, code: string): boolean {
    if (call.finished) return false;
    call.finished = true;
    clearTimeout(call.timer);
    const durationSeconds = (performance.now() - call.startedMs) / 1000;
    route.metrics.finished({ code, durationSeconds });
    return true;
  }

  /** Counts the call down, also one that was finished before: its handler may have gone on. */
  function end(incoming: Incoming<unknown>, { admission }: RunningCall): void {
    inFlight -= 1;
    if (admission !== undefined) incoming.releaseWhenClosed(admission);
  }

  return {
    route(method, { transport, handler, codec }) {
      const name = routeName(method);
      return {
        name,
        transport,
        input: method.input,
        access: accessOf(method),
        checkReason: reasonCheckOf(method),
        metrics: metrics({ method: name, transport }),
        validate: validatorOf(method.input),
        handler,
        codec,
      };
    },

    identify(credentials) {
      const admit = (caller: Caller) => ({
        caller,
        admission: options.admit(caller, credentials.peer()),
      });
      const caller = options.identify(credentials);
      return 'then' in caller ? caller.then(admit) : admit(caller);
    },

    serve(route, incoming, answer) {
      const nowMs = Date.now();
      const call = new RunningCall({
        requestId: requestIdOf(incoming.requestId),
        traceparent: incoming.traceparent,
        deadlineMs: incoming.deadlineMs ?? nowMs + defaultDeadlineMs,
        method: route.name,
        usesJsonNames: () => incoming.usesJsonNames(),
        logger,
      });
      inFlight += 1;
      route.metrics.started();
      const served = { route, incoming, answer, call };
      const leftMs = Math.min(Math.max(call.deadlineMs - nowMs, 0), timerMsMax);
      call.timer = setTimeout(expire, leftMs, served);
      void run(served);
      return () => {
        if (call.finished) return;
        if (call.deadlineMs <= Date.now()) expire(served);
        else giveUp(served, new Cancelled('The caller went away'));
      };
    },
  };
}

export function routeName(method: DescMethodUnary): string {
  return `${method.parent.typeName}/${method.name}`;
}

function deadlineExceeded(): DeadlineExceeded {
  return new DeadlineExceeded('The deadline passed before the response was ready');
}

function decoded<Raw>({ access, codec }: Route<Raw, unknown>, raw: Raw, caller: Caller): Message {
  try {
    return codec.decode(raw);
  } catch (error) {
    requireReach(access, caller, codec.idsOf(raw, access));
    if (error instanceof ValidationFailed) throw error;
    const problem = Error.isError(error) ? error.message : 'malformed';
    throw new ValidationFailed(`The request can't be decoded: ${problem}`, { cause: error });
  }
}

function logFailure(
  logger: Logger,
  route: Route<never, unknown>,
  call: RunningCall,
  status: CallStatus,
  error: unknown,
): void {
  const line = { ...lineOf(route, call, codeName(status.code)), reason: status.reason };
  if (status.reason === 'INTERNAL') {
    logger.error({ ...line, err: error }, 'call');
  } else if (codeName(status.code) === 'UNAVAILABLE' && status.reason !== 'OVERLOADED') {
    logger.warn({ ...line, err: error }, 'call');
  } else {
    // The text of a refusal can quote the request, and is the caller's business. Where there is too much to do, a line without
    // the error's stack is one thing less: refusing a call must cost less than serving it.
    logger.info(line, 'call');
  }
}

function lineOf(route: Route<never, unknown>, call: RunningCall, code: string) {
  return {
    requestId: call.requestId,
    traceId: call.traceId,
    method: route.name,
    transport: route.transport,
    code,
    durationMs: Math.round((performance.now() - call.startedMs) * 100) / 100,
    subject: call.caller?.subject,
  };
}
