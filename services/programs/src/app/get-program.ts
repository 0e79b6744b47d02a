import { ProgramNotFound } from '../domain/errors.ts';
import { isVisibleToMembers, type Program, programForMembers } from '../domain/program.ts';
import type { App, Viewer } from './app.ts';

export interface GetProgram {
  readonly programId: string;
  readonly viewer: Viewer;
}

/**
 * A program as its viewer may see it: to members, drafts and archived ones don't exist.
 *
 * @throws {ProgramNotFound}
 */
export async function getProgram(app: App, { programId, viewer }: GetProgram): Promise<Program> {
  const program = await app.store.findProgram(programId, app.clock());
  if (program === undefined || (viewer.isMember && !isVisibleToMembers(program))) {
    throw new ProgramNotFound(programId);
  }
  return viewer.isMember ? programForMembers(program) : program;
}
