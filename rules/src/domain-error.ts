interface DomainErrorOptions {
  /** Sent to the caller; keys are camelCase. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Paths of fields, by proto names, that the message and `metadata.fields` have; callers read them as they write them. */
  readonly fields?: readonly string[] | undefined;
  /** When the same request may succeed, in milliseconds from now. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Base of the errors that a service refuses a request with. Each `reason` is a value of the contract's error catalog. */
export abstract class DomainError extends Error {
  abstract readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fields: readonly string[] | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: DomainErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.metadata = options.metadata ?? {};
    this.fields = options.fields;
    this.retryAfterMs = options.retryAfterMs;
  }
}
