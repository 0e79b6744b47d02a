import type { Author } from '@loyalty/rules/author.ts';
import type { Program } from '../domain/program.ts';
import type { App } from './app.ts';
import { moveProgram } from './move-program.ts';

export interface SuspendProgram {
  readonly programId: string;
  readonly author: Author;
}

/**
 * Suspends an ACTIVE program; a SUSPENDED one is returned unchanged.
 *
 * @throws {ProgramNotFound}
 * @throws {IllegalTransition}
 */
export async function suspendProgram(app: App, command: SuspendProgram): Promise<Program> {
  return await moveProgram(app, { ...command, to: 'SUSPENDED', verb: 'SUSPEND_PROGRAM' });
}
