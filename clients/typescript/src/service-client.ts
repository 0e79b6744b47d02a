// Typed calls of a service, with retries and errors as classes.
import { randomUUID } from 'node:crypto';
import {
  create,
  type DescMethodUnary,
  type DescService,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { type CallFailure, callFailureOf } from './call-failure.ts';
import { type Channel, metadataOf, type UnaryCall, unaryCall } from './channel.ts';
import { Cancelled, DeadlineExceeded, errorClasses } from './errors.ts';
import { keyGiver } from './idempotency-key.ts';
import { LoyaltyError } from './loyalty-error.ts';
import { late, pause, pauseMsBefore, type RetryBudget, within } from './retries.ts';
import { requireWholeTexts } from './whole-texts.ts';

/**
 * A bearer token, or what returns one for each attempt; it should remember the token until shortly before it expires. The call
 * rejects with whatever error it throws.
 */
export type TokenSource = string | (() => string | Promise<string>);

export interface CallOptions {
  /** How long the call may take with all its retries; the client's `timeoutMs` when absent. */
  timeoutMs?: number | undefined;
  /** Cancels the call, which then rejects with {@link Cancelled}. */
  signal?: AbortSignal | undefined;
  /** Finds the call in the services' logs; a new UUID when absent. Retries have the same. */
  requestId?: string | undefined;
  /** The W3C trace context that the call belongs to. */
  traceparent?: string | undefined;
  /** Instead of the client's token. */
  token?: TokenSource | undefined;
}

/** The methods of a service, by their names in camelCase. They reject with a {@link LoyaltyError}. */
export type ServiceClient<S extends DescService> = {
  readonly [K in keyof S['method']]: (
    request: MessageInitShape<S['method'][K]['input']>,
    options?: CallOptions,
  ) => Promise<MessageShape<S['method'][K]['output']>>;
};

export interface CallDefaults {
  readonly token: TokenSource;
  readonly timeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly attemptsMax: number;
  readonly budget: RetryBudget;
}

export function createServiceClient<S extends DescService>(
  service: S,
  channel: Channel,
  defaults: CallDefaults,
): ServiceClient<S> {
  const methods = service.methods
    .filter((method) => method.methodKind === 'unary')
    .map((method) => [method.localName, callerOf(method as DescMethodUnary, channel, defaults)]);
  return Object.fromEntries(methods) as ServiceClient<S>;
}

type Caller = (
  request: MessageInitShape<DescMethodUnary['input']>,
  options?: CallOptions,
) => Promise<Message>;

function callerOf(method: DescMethodUnary, channel: Channel, defaults: CallDefaults): Caller {
  const send = unaryCall(method, channel);
  const giveKey = keyGiver(method.input);
  return async (init, options = {}) => {
    const request = giveKey(create(method.input, init));
    requireWholeTexts(request);
    return await retried({ method, send, request, options, defaults });
  };
}

interface Call {
  readonly method: DescMethodUnary;
  readonly send: UnaryCall;
  readonly request: Message;
  readonly options: CallOptions;
  readonly defaults: CallDefaults;
}

async function retried({ method, send, request, options, defaults }: Call): Promise<Message> {
  const { signal, traceparent, requestId = randomUUID(), token = defaults.token } = options;
  const { budget, attemptTimeoutMs, attemptsMax } = defaults;
  const { timeoutMs = defaults.timeoutMs } = options;
  requireDuration('timeoutMs', timeoutMs);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError('signal must be an AbortSignal');
  }
  const deadlineMs = Date.now() + timeoutMs;
  for (let attempts = 1; ; attempts += 1) {
    const bearer = await tokenFrom(token, { deadlineMs, signal });
    const sent = { requestId, attempts: attempts - 1 };
    if (signal?.aborted) throw cancelled(signal, sent);
    if (bearer === late) {
      throw new DeadlineExceeded('The token source returned no token in time', sent);
    }
    requireToken(bearer);
    let failure: CallFailure | undefined;
    try {
      const response = await send(request, {
        metadata: metadataOf({ requestId, traceparent, token: bearer }),
        // The last attempt has all the time that is left.
        deadlineMs:
          isRepeatable(method) && attempts < attemptsMax
            ? Math.min(deadlineMs, Date.now() + attemptTimeoutMs)
            : deadlineMs,
        signal,
        failed(error) {
          const cancelledHere = signal?.aborted === true;
          failure = callFailureOf(error, { requestId, cancelledHere });
          return errorOf(failure, attempts);
        },
      });
      budget.note('success');
      return response;
    } catch (error) {
      const isRetryable = error instanceof LoyaltyError && error.retryable;
      if (failure === undefined || !isRetryable || !mayRepeat(method, failure)) throw error;
      budget.note('failure');
      const { fromService, retryAfterMs } = failure;
      // Another replica may respond at once where one can't be reached.
      const pauseMs = pauseMsBefore({ attempts, ...(fromService && { retryAfterMs }) });
      const isLast = attempts >= attemptsMax || Date.now() + pauseMs >= deadlineMs;
      if (isLast || !budget.allows()) throw error;
      await pause(pauseMs, signal);
    }
  }
}

/** `late` if the deadline passes or the signal is aborted first. */
async function tokenFrom(
  source: TokenSource,
  { deadlineMs, signal }: { deadlineMs: number; signal: AbortSignal | undefined },
): Promise<string | typeof late> {
  if (typeof source === 'string') return source;
  return await within(Promise.resolve(source()), deadlineMs - Date.now(), signal);
}

/** @throws {TypeError} which doesn't show the token, because errors are logged */
function requireToken(token: unknown): void {
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return;
  throw new TypeError('token must be, or return, a text of visible ASCII characters');
}

/** @throws {RangeError} for what grpc-js would end the process for */
export function requireDuration(name: string, ms: number): void {
  if (typeof ms === 'number' && !Number.isNaN(ms)) return;
  throw new RangeError(`${name} must be a number of milliseconds, not ${String(ms)}`);
}

function errorOf(failure: CallFailure, attempts: number): LoyaltyError {
  const { reason, code, message, retryAfterMs } = failure;
  if (Object.hasOwn(errorClasses, reason)) {
    return new errorClasses[reason as keyof typeof errorClasses](message, { ...failure, attempts });
  }
  // A newer service's reason: those that may pass say when.
  const retryable = retryAfterMs !== undefined;
  return new LoyaltyError(message, { ...failure, reason, code, retryable, attempts });
}

function cancelled(
  { reason }: AbortSignal,
  { requestId, attempts }: { requestId: string; attempts: number },
): Cancelled {
  return new Cancelled('The caller cancelled the call', { requestId, attempts, cause: reason });
}

/** Of the retryable reasons, those that say that the request had no effect. */
const withoutEffect: ReadonlySet<string> = new Set(['RATE_LIMITED', 'OVERLOADED', 'CONTENTION']);

function mayRepeat(method: DescMethodUnary, { fromService, reason }: CallFailure): boolean {
  return isRepeatable(method) || (fromService && withoutEffect.has(reason));
}

/** Whether repeating the method can't have an effect twice, such as a second draft of a rule set. */
function isRepeatable({ idempotency }: DescMethodUnary): boolean {
  return idempotency !== IdempotencyLevel.IDEMPOTENCY_UNKNOWN;
}
