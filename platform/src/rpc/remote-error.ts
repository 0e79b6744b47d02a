import type { CallFailure } from '@loyalty/client/call-failure.ts';
import type { FieldViolation, Reasoned } from '../errors.ts';

/**
 * Thrown when a call to another service fails. It has a reason of the catalog like any other, so that a handler that
 * doesn't catch it returns what that service returned.
 */
export class RemoteError extends Error implements Reasoned {
  /** Number of the gRPC code. */
  readonly code: number;
  /** What the service said; if it didn't, why there is no response from it. */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[] | undefined;
  readonly retryAfterMs: number | undefined;
  readonly requestId: string;

  constructor(failure: CallFailure) {
    super(failure.message, { cause: failure.cause });
    this.name = 'RemoteError';
    this.code = failure.code;
    this.reason = failure.reason;
    this.metadata = failure.metadata;
    this.violations = failure.violations;
    this.retryAfterMs = failure.retryAfterMs;
    this.requestId = failure.requestId;
  }
}
