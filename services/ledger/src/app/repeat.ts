import type { DomainError } from '@loyalty/rules/domain-error.ts';
import { sameFingerprint } from '@loyalty/rules/fingerprint.ts';

/**
 * The stored result of a request's id or key, which a repeat returns; undefined for a new one.
 *
 * @param conflict what to throw when the id or key was used with other content
 */
export function repeatOf<Done extends { readonly fingerprint: Uint8Array }>(
  done: Done | undefined,
  fingerprint: Uint8Array,
  conflict: (done: Done) => DomainError,
): Done | undefined {
  if (done !== undefined && !sameFingerprint(done.fingerprint, fingerprint)) throw conflict(done);
  return done;
}
