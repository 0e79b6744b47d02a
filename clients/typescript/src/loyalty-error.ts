import type { FieldViolation } from './call-failure.ts';

export interface LoyaltyErrorOptions {
  metadata?: Readonly<Record<string, string>> | undefined;
  violations?: readonly FieldViolation[] | undefined;
  retryAfterMs?: number | undefined;
  requestId?: string | undefined;
  attempts?: number | undefined;
  cause?: unknown;
}

/**
 * Thrown when a call is refused or fails. Each reason of the catalog has a subclass; an error that is none of them has
 * a reason that a newer service added. Decide by class or `reason`: messages are for people and may change.
 */
export class LoyaltyError extends Error {
  /** Such as `INSUFFICIENT_POINTS`. */
  readonly reason: string;
  /** Number of the gRPC code. */
  readonly code: number;
  /** What the reason's description names, such as `missingPoints`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The fields at fault; only for VALIDATION_FAILED. */
  readonly violations: readonly FieldViolation[];
  /** Whether the same request, unchanged, may succeed later. */
  readonly retryable: boolean;
  /** When to try again, in milliseconds from now; absent where trying again is no use or nobody said when. */
  readonly retryAfterMs: number | undefined;
  /** Under which the services' logs have the call; empty where none was sent. */
  readonly requestId: string;
  /** How many times the request was sent. */
  readonly attempts: number;

  constructor(
    message: string,
    options: LoyaltyErrorOptions & { reason: string; code: number; retryable: boolean },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.reason = options.reason;
    this.code = options.code;
    this.retryable = options.retryable;
    this.metadata = options.metadata ?? {};
    this.violations = options.violations ?? [];
    this.retryAfterMs = options.retryAfterMs;
    this.requestId = options.requestId ?? '';
    this.attempts = options.attempts ?? 1;
  }
}
