import { areEtagsCurrent, type EtagConditions } from '@loyalty/rules/etag-conditions.ts';
import { EtagMismatch } from '@loyalty/rules/etag-mismatch.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { Membership } from './membership.ts';

/**
 * The version of a membership and its balance: the revision of the attributes, a dot, and the number of the newest entry.
 * Until an entry records what time has changed, the instant of the response is added: entries alone wouldn't distinguish such
 * a balance from an earlier one.
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
 * Refuses to change attributes that have changed since the caller read them. What follows the dot isn't compared: a
 * purchase doesn't stand in the way.
 *
 * @throws {EtagMismatch}
 */
export function requireAttributesAsRead(membership: Membership, conditions: EtagConditions): void {
  const revision = `${membership.attributesRevision}.`;
  if (areEtagsCurrent(conditions, (etag) => etag.startsWith(revision))) return;
  throw new EtagMismatch(
    "The member's attributes have changed since the etag was read; read them again",
    membershipEtag(membership, undefined),
  );
}
