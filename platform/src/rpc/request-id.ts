import { randomUUID } from 'node:crypto';

const requestIdPattern = /^[\w.:/+=@-]{1,128}$/;

/** The request id that a caller sent, if it is one that logs and headers can carry; a new one otherwise. */
export function requestIdOf(given: string | undefined): string {
  return given !== undefined && requestIdPattern.test(given) ? given : randomUUID();
}
