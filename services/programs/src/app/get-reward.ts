import { RewardNotFound } from '../domain/errors.ts';
import { type Reward, rewardForMembers } from '../domain/reward.ts';
import type { App, Viewer } from './app.ts';
import { getProgram } from './get-program.ts';

export interface GetReward {
  readonly programId: string;
  readonly rewardId: string;
  readonly viewer: Viewer;
}

/**
 * A reward of a program that the viewer may see. Archived ones are shown to members too: their redemptions name them.
 *
 * @throws {ProgramNotFound}
 * @throws {RewardNotFound}
 */
export async function getReward(app: App, query: GetReward): Promise<Reward> {
  await getProgram(app, query);
  const reward = await app.store.findReward(query);
  if (reward === undefined) throw new RewardNotFound(query);
  return query.viewer.isMember ? rewardForMembers(reward) : reward;
}
