import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import type { App } from '../app/app.ts';
import { createReward } from '../app/create-reward.ts';
import { authorOf } from './caller.ts';
import { required, requireSameId } from './required.ts';
import { parseOffer, renderReward } from './reward-message.ts';

type Method = typeof RewardService.method.createReward;

export function createRewardHandler(app: App): Handler<Method> {
  return async (request, context) => {
    const { programId } = request;
    const message = required(request.reward, 'reward');
    requireSameId('reward.program_id', { inBody: message.programId, inPath: programId });
    const reward = await createReward(app, {
      programId,
      rewardId: message.rewardId,
      offer: parseOffer(message),
      author: authorOf(context),
    });
    return { reward: renderReward(reward) };
  };
}
