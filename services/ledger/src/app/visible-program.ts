import { ProgramNotFound } from '../domain/errors.ts';
import type { ProgramCatalog, ProgramDefinition } from './program-catalog.ts';

/**
 * The program that a command is about. To members, drafts don't exist.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable}
 */
export async function visibleProgram(
  catalog: ProgramCatalog,
  { programId, byMember }: { programId: string; byMember: boolean },
): Promise<ProgramDefinition> {
  const program = await catalog.get(programId);
  if (byMember && program.state === 'DRAFT') throw new ProgramNotFound(programId);
  return program;
}
