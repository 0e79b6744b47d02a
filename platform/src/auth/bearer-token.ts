import { Unauthenticated } from './errors.ts';

/**
 * The token in a header `authorization`.
 *
 * @throws {Unauthenticated} when there is none
 */
export function bearerToken(authorization: string | undefined): string {
  const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) {
    throw new Unauthenticated('the call needs the header "Authorization: Bearer <token>"');
  }
  return token;
}
