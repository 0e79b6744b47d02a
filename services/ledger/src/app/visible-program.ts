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
  return visible(await catalog.get(programId), byMember);
}

/**
 * The program, unless it is a draft and a member asks.
 *
 * @throws {ProgramNotFound}
 */
export function visible(program: ProgramDefinition, byMember: boolean): ProgramDefinition {
  if (byMember && program.state === 'DRAFT') throw new ProgramNotFound(program.programId);
  return program;
}
