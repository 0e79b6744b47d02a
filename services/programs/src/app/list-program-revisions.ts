import type { App, Viewer } from './app.ts';
import type { ProgramRevision } from './program-store.ts';

export interface ListProgramRevisions {
  readonly programIds: readonly string[];
  readonly viewer: Viewer;
}

/** The revisions of those programs that there are and that the viewer reaches. */
export async function listProgramRevisions(
  app: App,
  { programIds, viewer }: ListProgramRevisions,
): Promise<readonly ProgramRevision[]> {
  const reached = programIds.filter((programId) => viewer.programIds?.has(programId) ?? true);
  return await app.store.listRevisions(reached);
}
