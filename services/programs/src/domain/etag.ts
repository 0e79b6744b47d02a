import { areEtagsCurrent, type EtagConditions } from '@loyalty/rules/etag-conditions.ts';
import { EtagMismatch } from '@loyalty/rules/etag-mismatch.ts';

/**
 * Refuses a change when what the caller read before isn't what is there now.
 *
 * @throws {EtagMismatch}
 */
export function requireEtag(present: string, conditions: EtagConditions): void {
  if (areEtagsCurrent(conditions, (etag) => etag === present)) return;
  throw new EtagMismatch('The object has changed since its etag was read; read it again', present);
}
