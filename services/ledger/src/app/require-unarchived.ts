import { ProgramNotActive } from '../domain/errors.ts';
import type { ProgramDefinition } from './program-catalog.ts';

/**
 * Of an archived program only reads, refunds and expiry remain.
 *
 * @throws {ProgramNotActive}
 */
export function requireUnarchived({ programId, state }: ProgramDefinition): void {
  if (state === 'ARCHIVED') throw new ProgramNotActive(programId, state);
}
