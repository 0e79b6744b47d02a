import { catalogEntryOf } from './error-catalog.ts';

export interface FieldViolation {
  /** Path of the field in the request, e.g. `transaction.items[2].quantity`; empty for the request itself. */
  readonly field: string;
  readonly message: string;
  /** The names of other fields in the message, as the protos have them; callers read them as they write them. */
  readonly names?: readonly string[];
}

/**
 * What an error needs to be returned with its own reason instead of INTERNAL. Errors are recognized by this
 * shape and not by their class, because domain code must not import the platform.
 */
export interface Reasoned extends Error {
  /** Name of a value of `loyalty.options.v1.ErrorReason`. */
  readonly reason: string;
  /** Sent to the caller in google.rpc.ErrorInfo; keys are camelCase. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly violations?: readonly FieldViolation[] | undefined;
  /** Paths of fields, by proto names, that the message and `metadata.fields` have; callers read them as they write them. */
  readonly fields?: readonly string[] | undefined;
  readonly retryAfterMs?: number | undefined;
}

export interface ReasonedErrorOptions {
  metadata?: Readonly<Record<string, string>>;
  violations?: readonly FieldViolation[];
  retryAfterMs?: number;
  cause?: unknown;
}

/** Base of the errors that platform code throws on purpose. The message is sent to the caller. */
export abstract class ReasonedError extends Error implements Reasoned {
  abstract readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[] | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: ReasonedErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.metadata = options.metadata ?? {};
    this.violations = options.violations;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Thrown when the request itself is wrong; repeating it unchanged can't succeed. */
export class ValidationFailed extends ReasonedError {
  readonly reason = 'VALIDATION_FAILED';

  /** @param problem the fields that are wrong, or a text where no field can be read */
  constructor(problem: string | readonly FieldViolation[], options: { cause?: unknown } = {}) {
    if (typeof problem === 'string') super(problem, options);
    else super(problem.map(sentenceOf).join('; '), { ...options, violations: problem });
  }
}

/** A violation as one text; one of the whole request names no field, and begins with a capital letter like other errors. */
export function sentenceOf({ field, message }: FieldViolation): string {
  return field === '' ? message.charAt(0).toUpperCase() + message.slice(1) : `${field}: ${message}`;
}

/** Thrown when PostgreSQL or NATS can't be reached; the same request may be repeated later. */
export class StorageUnavailable extends ReasonedError {
  readonly reason = 'STORAGE_UNAVAILABLE';

  constructor(message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, { retryAfterMs: 1000, ...options });
  }
}

/** Thrown when another service, such as the issuer of tokens, can't be reached; the same request may be repeated later. */
export class ServiceUnavailable extends ReasonedError {
  readonly reason = 'SERVICE_UNAVAILABLE';

  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, { retryAfterMs: 1000, ...options });
  }
}

/** Whether an error has a reason of the catalog. */
export function isReasoned(error: unknown): error is Reasoned {
  return (
    Error.isError(error) &&
    'reason' in error &&
    typeof error.reason === 'string' &&
    catalogEntryOf(error.reason) !== undefined
  );
}
