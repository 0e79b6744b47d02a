import { DomainError } from './domain-error.ts';

/** Thrown when an object has changed since the caller read it. */
export class EtagMismatch extends DomainError {
  readonly reason = 'ETAG_MISMATCH';

  /** @param etag the present one */
  constructor(message: string, etag: string) {
    super(message, { metadata: { etag } });
  }
}
