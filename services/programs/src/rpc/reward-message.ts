import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { requireStorable } from '@loyalty/platform/rpc/storable.ts';
import {
  Reward_State,
  type Reward as RewardMessage,
  RewardSchema,
} from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { type Reward, type RewardOffer, rewardEtag } from '../domain/reward.ts';

/** A reward as the contract shows it. What members see has an etag of its own, because it isn't all. */
export function renderReward(reward: Reward, { isMember } = { isMember: false }): RewardMessage {
  return {
    ...reward.definition,
    programId: reward.programId,
    rewardId: reward.rewardId,
    state: Reward_State[reward.state],
    etag: isMember ? `${rewardEtag(reward)}-m` : rewardEtag(reward),
    createTime: timestampFromMs(reward.createTime),
    updateTime: timestampFromMs(reward.updateTime),
  };
}

/**
 * What the author wrote.
 *
 * @throws {ValidationFailed}
 */
export function parseOffer(message: RewardMessage): RewardOffer {
  requireStorable(RewardSchema, message, 'reward');
  const { displayName, description, imageUri, price, condition, metadata } = message;
  const { stock, memberLimit, availability } = message;
  return {
    state: message.state === Reward_State.ARCHIVED ? 'ARCHIVED' : 'ACTIVE',
    definition: create(RewardSchema, {
      displayName,
      description,
      imageUri,
      price,
      condition,
      metadata,
      ...(stock !== undefined && { stock }),
      ...(memberLimit !== undefined && { memberLimit }),
      ...(availability !== undefined && { availability }),
    }),
  };
}
