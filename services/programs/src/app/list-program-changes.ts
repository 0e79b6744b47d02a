import type { Page } from '@loyalty/rules/page.ts';
import type { ChangeRecord } from '../domain/change.ts';
import { ProgramNotFound } from '../domain/errors.ts';
import type { App } from './app.ts';
import type { ChangeQuery } from './program-store.ts';

/**
 * A program's audit, the newest change first.
 *
 * @throws {ProgramNotFound}
 */
export async function listProgramChanges(
  app: App,
  query: ChangeQuery,
): Promise<Page<ChangeRecord>> {
  const page = await app.store.listChanges(query);
  // Every program has the change that created it; only a page behind the last one is empty.
  if (page.items.length === 0) {
    const program = await app.store.findProgram(query.programId, app.clock());
    if (program === undefined) throw new ProgramNotFound(query.programId);
  }
  return page;
}
