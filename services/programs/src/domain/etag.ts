import { EtagMismatch } from './errors.ts';

/** For each condition that a caller set, the etags that it accepts; `*` accepts every etag. */
export type EtagConditions = readonly (readonly string[])[];

/**
 * Refuses a change when what the caller read before isn't what is there now.
 *
 * @throws {EtagMismatch}
 */
export function requireEtag(present: string, conditions: EtagConditions): void {
  for (const accepted of conditions) {
    if (accepted.includes('*') || accepted.includes(present)) continue;
    throw new EtagMismatch(present);
  }
}
