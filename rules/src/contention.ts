import { DomainError } from './domain-error.ts';

/** Thrown when others changed the same object at the same time; the change may be repeated at once. */
export class Contention extends DomainError {
  readonly reason = 'CONTENTION';

  constructor(message: string, options?: { cause: unknown }) {
    super(message, { ...options, retryAfterMs: 200 });
  }
}
