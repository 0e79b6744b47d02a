import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import type { App } from '../app/app.ts';
import { getReward } from '../app/get-reward.ts';
import { viewerOf } from './caller.ts';
import { renderReward } from './reward-message.ts';

type Method = typeof RewardService.method.getReward;

export function getRewardHandler(app: App): Handler<Method> {
  return async ({ programId, rewardId }, context) => {
    const reward = await getReward(app, { programId, rewardId, viewer: viewerOf(context) });
    return { reward: renderReward(reward) };
  };
}
