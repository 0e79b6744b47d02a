/** Base of a service's refusals. `reason` is a value of the error catalog; `metadata` is sent to the caller. */
export abstract class DomainError extends Error {
  abstract readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(
    message: string,
    metadata: Readonly<Record<string, string>> = {},
    options?: { cause: unknown },
  ) {
    super(message, options);
    this.name = new.target.name;
    this.metadata = metadata;
  }
}
