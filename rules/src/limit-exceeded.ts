import { DomainError } from './domain-error.ts';

/** Thrown when something would be larger, or there would be more of it, than is allowed. */
export class LimitExceeded extends DomainError {
  readonly reason = 'LIMIT_EXCEEDED';
}
