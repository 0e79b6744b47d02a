import type { App, Viewer } from './app.ts';
import type { ProgramRevisions, RevisionQuery } from './program-store.ts';

/** The maximum number of changes in one response: 1,000 of them take 64 kB. */
const changesMax = 1_000;

export interface ListProgramRevisions extends Pick<RevisionQuery, 'epoch' | 'after'> {
  readonly viewer: Viewer;
}

/** The programs that have changed, as far as the viewer reaches them. */
export async function listProgramRevisions(
  app: App,
  { epoch, after, viewer }: ListProgramRevisions,
): Promise<ProgramRevisions> {
  const list = await app.store.listRevisions({ epoch, after, limit: changesMax });
  return {
    ...list,
    revisions: list.revisions.filter(({ programId }) => viewer.programIds?.has(programId) ?? true),
  };
}
