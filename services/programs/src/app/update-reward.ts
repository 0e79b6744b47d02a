import type { Author } from '@loyalty/rules/author.ts';
import type { EtagConditions } from '@loyalty/rules/etag-conditions.ts';
import { differences } from '../domain/change.ts';
import { RewardNotFound } from '../domain/errors.ts';
import { requireEtag } from '../domain/etag.ts';
import { requireChangeable } from '../domain/program.ts';
import { type Reward, type RewardOffer, rewardEtag } from '../domain/reward.ts';
import { requireValidOffer } from '../domain/valid-offer.ts';
import type { App } from './app.ts';
import { offerJson } from './offer-json.ts';
import { requireRoomInSnapshot } from './snapshot-size.ts';

export interface UpdateReward {
  readonly programId: string;
  readonly rewardId: string;
  /** Makes the new offer out of the present one. */
  readonly edit: (offer: RewardOffer) => RewardOffer;
  readonly etags: EtagConditions;
  readonly author: Author;
}

/**
 * Changes a reward. What is the same already changes nothing, not even the revision.
 *
 * @throws {ProgramNotFound}
 * @throws {RewardNotFound}
 * @throws {EtagMismatch}
 * @throws {ProgramNotActive} for an archived program
 * @throws {ValidationFailed}
 */
export async function updateReward(app: App, command: UpdateReward): Promise<Reward> {
  const { programId, rewardId } = command;
  return await app.store.changeProgram(programId, async (locked) => {
    const { program, now } = locked;
    const reward = await locked.findReward(rewardId);
    if (reward === undefined) throw new RewardNotFound({ programId, rewardId });
    requireEtag(rewardEtag(reward), command.etags);
    requireChangeable(program);
    const after = command.edit(reward);
    requireValidOffer(after);
    const [removed, added] = [offerJson(app, reward), offerJson(app, after)];
    const fields = differences(removed, added);
    if (fields.length === 0) return { result: reward, change: undefined };
    await requireRoomInSnapshot(locked, { added, removed });
    const revision = program.revision + 1n;
    const changed = { ...reward, ...after, changedIn: revision, updateTime: now };
    return {
      result: changed,
      change: {
        verb: 'UPDATE_REWARD',
        changed: { kind: 'REWARD', reward: changed, isNew: false },
        fields,
        revision,
        time: now,
        author: command.author,
      },
    };
  });
}
