import type { Author } from '@loyalty/rules/author.ts';
import { Contention } from '@loyalty/rules/contention.ts';
import { ProgramHasOpenHolds, ProgramNotFound } from '../domain/errors.ts';
import type { Program } from '../domain/program.ts';
import type { App } from './app.ts';
import { moveProgram } from './move-program.ts';
import type { ServedCall } from './open-holds.ts';

export interface ArchiveProgram {
  readonly programId: string;
  readonly author: Author;
  readonly served: ServedCall;
}

/**
 * Archives a DRAFT or SUSPENDED program for good; an ARCHIVED one is returned unchanged.
 *
 * @throws {ProgramNotFound}
 * @throws {IllegalTransition}
 * @throws {ProgramHasOpenHolds} while points are held for it
 * @throws {LedgerUnavailable} when that can't be found out
 * @throws {Contention} when it changed while that was found out
 */
export async function archiveProgram(app: App, command: ArchiveProgram): Promise<Program> {
  const { programId, author, served } = command;
  const seen = await app.store.findProgram(programId, app.clock());
  if (seen === undefined) throw new ProgramNotFound(programId);
  // Asked before the program is locked, because the response may take as long as the call. A draft never had any.
  if (seen.state === 'SUSPENDED' && (await app.hasOpenHolds(programId, served))) {
    throw new ProgramHasOpenHolds(programId);
  }
  return await moveProgram(app, {
    programId,
    author,
    to: 'ARCHIVED',
    verb: 'ARCHIVE_PROGRAM',
    check: (program) => requireUnchanged(program, seen),
  });
}

/** If the program was active again in between, holds may have been made after the ledger's response. */
function requireUnchanged({ programId, changedIn }: Program, seen: Program): void {
  if (changedIn === seen.changedIn) return;
  throw new Contention(`Program ${programId} changed while it was about to be archived; try again`);
}
