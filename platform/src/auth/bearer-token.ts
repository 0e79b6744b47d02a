import { Unauthenticated } from './errors.ts';

/**
 * The token in the values of the header `authorization`.
 *
 * @throws {Unauthenticated} when there is none, or more than one: another process on the way may have looked at the other
 */
export function bearerToken([authorization, ...others]: readonly string[]): string {
  if (others.length > 0) {
    throw new Unauthenticated('the call has the header "Authorization" twice; send one');
  }
  const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) {
    throw new Unauthenticated('the call needs the header "Authorization: Bearer <token>"');
  }
  return token;
}
