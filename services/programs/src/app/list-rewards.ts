import type { Page } from '@loyalty/rules/page.ts';
import { type Reward, rewardForMembers } from '../domain/reward.ts';
import type { App, Viewer } from './app.ts';
import { getProgram } from './get-program.ts';

export interface ListRewards {
  readonly programId: string;
  readonly viewer: Viewer;
  /** Starts behind this id. */
  readonly after: string | undefined;
  readonly limit: number;
}

/**
 * A program's rewards by id; to members only what is offered.
 *
 * @throws {ProgramNotFound}
 */
export async function listRewards(app: App, query: ListRewards): Promise<Page<Reward>> {
  await getProgram(app, query);
  const { isMember } = query.viewer;
  const page = await app.store.listRewards({
    programId: query.programId,
    states: isMember ? ['ACTIVE'] : undefined,
    after: query.after,
    limit: query.limit,
  });
  return isMember ? { ...page, items: page.items.map(rewardForMembers) } : page;
}
