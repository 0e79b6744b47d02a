import { ReasonedError } from '../errors.ts';

/** Thrown when a call's deadline passed before its response was ready. */
export class DeadlineExceeded extends ReasonedError {
  readonly reason = 'DEADLINE_EXCEEDED';
}

/** Thrown when the caller disconnected; nobody receives it, but it is logged and counted. */
export class Cancelled extends ReasonedError {
  readonly reason = 'CANCELLED';
}

/** Thrown when the server has as many calls in flight as it can take; nothing was started. */
export class Overloaded extends ReasonedError {
  readonly reason = 'OVERLOADED';
}

/** A limit of a caller, as the HTTP fields `RateLimit-Policy` and `RateLimit` show it. */
export interface RateLimitPolicy {
  /** What is counted: a quota unit of the RateLimit fields. */
  readonly unit: 'request' | 'concurrent-requests' | 'content-bytes';
  readonly quota: number;
  /** The time in which the quota comes back; undefined for what is in flight. */
  readonly windowSeconds: number | undefined;
}

/**
 * Thrown when one caller has as much in flight, or as many calls a second, as they may have; nothing was started. Its
 * metadata has the policy, so that a gateway can show the limit of a service, too.
 */
export class RateLimited extends ReasonedError {
  readonly reason = 'RATE_LIMITED';

  constructor(message: string, options: { policy: RateLimitPolicy; retryAfterMs: number }) {
    const { unit, quota, windowSeconds } = options.policy;
    super(message, {
      retryAfterMs: options.retryAfterMs,
      metadata: {
        unit,
        quota: String(quota),
        ...(windowSeconds !== undefined && { windowSeconds: String(Math.ceil(windowSeconds)) }),
      },
    });
  }
}

/** Thrown for a request that would be over a caller's limit of bytes even if it were their only one. */
export class RequestTooLarge extends ReasonedError {
  readonly reason = 'VALIDATION_FAILED';
  /** The caller's limit. */
  readonly bytesMax: number;

  constructor(bytesMax: number) {
    const message = `must have at most ${bytesMax} bytes, the limit of this caller's requests in flight`;
    super(`The request ${message}`, { violations: [{ field: '', message }] });
    this.bytesMax = bytesMax;
  }
}

/** Thrown by methods that the contract has but this release doesn't serve. */
export class NotImplemented extends ReasonedError {
  readonly reason = 'NOT_IMPLEMENTED';
}
