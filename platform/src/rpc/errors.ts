import { ReasonedError } from '../errors.ts';

/** Thrown when a call's deadline passed before its response was ready. */
export class DeadlineExceeded extends ReasonedError {
  readonly reason = 'DEADLINE_EXCEEDED';
}

/** Thrown when the caller disconnected; nobody receives it, but it is logged and counted. */
export class Cancelled extends ReasonedError {
  readonly reason = 'CANCELLED';
}

/** Thrown when a request's bytes or JSON aren't a message of the method's type. */
export class Undecodable extends ReasonedError {
  readonly reason = 'VALIDATION_FAILED';
}

/** Thrown when the server has as many calls in flight as it can take; nothing was started. */
export class Overloaded extends ReasonedError {
  readonly reason = 'OVERLOADED';
}

/** Thrown by methods that the contract has but this release doesn't serve. */
export class NotImplemented extends ReasonedError {
  readonly reason = 'NOT_IMPLEMENTED';
}
