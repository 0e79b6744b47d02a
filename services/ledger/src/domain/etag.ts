import { EtagMismatch } from './errors.ts';
import type { Instant } from './instant.ts';
import type { Membership } from './membership.ts';

/** For each condition that a caller set, the etags that it accepts; `*` accepts every etag. */
export type EtagConditions = readonly (readonly string[])[];

/**
 * The version of a membership and its balance: the revision of the attributes, a dot, and the number of the newest entry.
 * While time has changed the balance and no entry says so, nothing but the instant of the answer can tell two of them
 * apart.
 *
 * @param unwrittenAt that instant; undefined while the entries say it all
 */
export function membershipEtag(
  { attributesRevision, lastSequence }: Membership,
  unwrittenAt: Instant | undefined,
): string {
  const version = `${attributesRevision}.${lastSequence}`;
  return unwrittenAt === undefined ? version : `${version}-${unwrittenAt}`;
}

/**
 * Refuses a change of attributes that others have changed since the caller read them. What else the etag tells of may have
 * gone on.
 *
 * @throws {EtagMismatch}
 */
export function requireAttributesAsRead(membership: Membership, conditions: EtagConditions): void {
  const revision = `${membership.attributesRevision}.`;
  const isPresent = (etag: string) => etag === '*' || etag.startsWith(revision);
  if (conditions.every((accepted) => accepted.some(isPresent))) return;
  throw new EtagMismatch(membershipEtag(membership, undefined));
}
