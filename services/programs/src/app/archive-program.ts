import type { Author } from '../domain/change.ts';
import type { Program } from '../domain/program.ts';
import type { App } from './app.ts';
import { moveProgram } from './move-program.ts';

export interface ArchiveProgram {
  readonly programId: string;
  readonly author: Author;
}

/**
 * Ends a DRAFT or SUSPENDED program for good; an ARCHIVED one is answered as it is.
 *
 * @throws {ProgramNotFound}
 * @throws {IllegalTransition}
 */
export async function archiveProgram(app: App, command: ArchiveProgram): Promise<Program> {
  return await moveProgram(app, { ...command, to: 'ARCHIVED', verb: 'ARCHIVE_PROGRAM' });
}
