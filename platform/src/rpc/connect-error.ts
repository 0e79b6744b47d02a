import { ConnectError } from '@connectrpc/connect';
import { type CallStatus, detailsOf } from './status.ts';

/** A failure as the Connect library returns it, in each of its protocols. */
export function connectErrorOf(status: CallStatus, requestId: string): ConnectError {
  const details = detailsOf(status);
  return new ConnectError(status.message, status.code, { 'x-request-id': requestId }, details);
}
