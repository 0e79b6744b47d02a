import { ProgramNotActive } from '../domain/errors.ts';
import type { ProgramDefinition } from './program-catalog.ts';

/**
 * An archived program allows only reads, refunds of credited purchases, maturity and expiry. Any other command,
 * unless it repeats an earlier one, is refused before the membership is read.
 *
 * @throws {ProgramNotActive}
 */
export function requireUnarchived({ programId, state }: ProgramDefinition): void {
  if (state === 'ARCHIVED') throw new ProgramNotActive(programId, state);
}
