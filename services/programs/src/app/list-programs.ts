import type { Page } from '@loyalty/rules/page.ts';
import { type Program, programForMembers } from '../domain/program.ts';
import type { App, Viewer } from './app.ts';

export interface ListPrograms {
  readonly viewer: Viewer;
  /** Starts behind this id. */
  readonly after: string | undefined;
  readonly limit: number;
}

/** Programs by id, as far as the viewer reaches and may see them. */
export async function listPrograms(app: App, query: ListPrograms): Promise<Page<Program>> {
  const { isMember, programIds } = query.viewer;
  const page = await app.store.listPrograms({
    programIds,
    states: isMember ? ['ACTIVE', 'SUSPENDED'] : undefined,
    after: query.after,
    limit: query.limit,
    at: app.clock(),
  });
  return isMember ? { ...page, items: page.items.map(programForMembers) } : page;
}
