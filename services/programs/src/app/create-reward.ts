import type { Author } from '@loyalty/rules/author.ts';
import { LimitExceeded } from '@loyalty/rules/limit-exceeded.ts';
import { differences } from '../domain/change.ts';
import { AlreadyExists } from '../domain/errors.ts';
import { requireChangeable } from '../domain/program.ts';
import { type Reward, type RewardOffer, rewardsPerProgramMax } from '../domain/reward.ts';
import { requireValidOffer } from '../domain/valid-offer.ts';
import type { App } from './app.ts';
import { offerJson } from './offer-json.ts';
import { requireRoomInSnapshot } from './snapshot-size.ts';

export interface CreateReward {
  readonly programId: string;
  readonly rewardId: string;
  readonly offer: RewardOffer;
  readonly author: Author;
}

/**
 * Creates a reward.
 *
 * @throws {ProgramNotFound}
 * @throws {ProgramNotActive} for an archived program
 * @throws {AlreadyExists}
 * @throws {ValidationFailed}
 * @throws {LimitExceeded}
 */
export async function createReward(app: App, command: CreateReward): Promise<Reward> {
  const { programId, rewardId, offer, author } = command;
  requireValidOffer(offer);
  return await app.store.changeProgram(programId, async (locked) => {
    const { program, now } = locked;
    requireChangeable(program);
    if ((await locked.findReward(rewardId)) !== undefined) {
      throw new AlreadyExists(`Program ${programId} already has a reward ${rewardId}`, {
        metadata: { programId, rewardId },
      });
    }
    if ((await locked.countRewards()) >= rewardsPerProgramMax) {
      throw new LimitExceeded(`A program can have at most ${rewardsPerProgramMax} rewards`, {
        metadata: { limit: String(rewardsPerProgramMax) },
      });
    }
    await requireRoomInSnapshot(locked, { added: offerJson(app, offer) });
    const revision = program.revision + 1n;
    const reward: Reward = {
      ...offer,
      programId,
      rewardId,
      changedIn: revision,
      createTime: now,
      updateTime: now,
    };
    return {
      result: reward,
      change: {
        verb: 'CREATE_REWARD',
        changed: { kind: 'REWARD', reward, isNew: true },
        fields: differences(undefined, offerJson(app, offer)),
        revision,
        time: now,
        author,
      },
    };
  });
}
