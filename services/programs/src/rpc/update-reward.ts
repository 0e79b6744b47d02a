import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import {
  type Reward as RewardMessage,
  RewardSchema,
} from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import type { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import type { App } from '../app/app.ts';
import { updateReward } from '../app/update-reward.ts';
import type { RewardOffer } from '../domain/reward.ts';
import { authorOf } from './caller.ts';
import { fieldsToUpdate } from './field-mask.ts';
import { required, requireSameId } from './required.ts';
import { parseOffer, renderReward, requirePrice } from './reward-message.ts';

type Method = typeof RewardService.method.updateReward;

const offerFieldOf: Readonly<Record<string, keyof RewardOffer>> = {
  display_name: 'displayName',
  state: 'state',
  stock: 'stockLimit',
  member_limit: 'memberLimit',
  availability: 'availability',
  condition: 'condition',
  metadata: 'metadata',
};

export function updateRewardHandler(app: App): Handler<Method> {
  return async (request, context) => {
    const { programId, rewardId, updateMask } = request;
    const message = required(request.reward, 'reward');
    requireSameId('reward.program_id', { inBody: message.programId, inPath: programId });
    requireSameId('reward.reward_id', { inBody: message.rewardId, inPath: rewardId });
    const fields = fieldsToUpdate({
      schema: RewardSchema,
      message,
      mask: updateMask,
      updatable: [...Object.keys(offerFieldOf), 'fixed', 'conversion'],
      ignored: ['program_id', 'reward_id', 'etag', 'create_time', 'update_time'],
    });
    const reward = await updateReward(app, {
      programId,
      rewardId,
      edit: editor(message, fields),
      etags: [request.etag, message.etag],
      author: authorOf(context),
    });
    return { reward: renderReward(reward) };
  };
}

function editor(message: RewardMessage, fields: ReadonlySet<string>) {
  const { price, ...given } = parseOffer(message);
  const names = [...fields].map((field) => offerFieldOf[field]);
  const changes = Object.fromEntries(
    Object.entries(given).filter(([name]) => names.includes(name as keyof RewardOffer)),
  ) as Partial<RewardOffer>;
  return (present: RewardOffer): RewardOffer => {
    const isCleared = fields.has(present.price.kind === 'FIXED' ? 'fixed' : 'conversion');
    const isGiven = message.price.case !== undefined && fields.has(message.price.case);
    const kept = isCleared ? undefined : present.price;
    return { ...present, ...changes, price: requirePrice(isGiven ? price : kept) };
  };
}
