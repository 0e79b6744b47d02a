import { ReasonedError } from '../errors.ts';

/** Thrown when a call has no bearer token, or one that is expired or can't be trusted. */
export class Unauthenticated extends ReasonedError {
  readonly reason = 'UNAUTHENTICATED';
}

/** Thrown when a valid token doesn't reach the method, the program or the user. */
export class PermissionDenied extends ReasonedError {
  readonly reason = 'PERMISSION_DENIED';
}
