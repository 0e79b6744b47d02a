import { Unauthenticated } from './errors.ts';

/**
 * The token in the values of the header `authorization`; or what is wrong with them when there is none, or more than one:
 * another process on the way may have looked at the other.
 */
export function bearerToken([authorization, ...others]: readonly string[]):
  | string
  | Unauthenticated {
  if (others.length > 0) {
    return new Unauthenticated('The call has the header "Authorization" twice; send one');
  }
  return (
    /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ??
    new Unauthenticated('The call needs the header "Authorization: Bearer <token>"')
  );
}
