import { etagConditions } from '@loyalty/platform/rpc/etag-conditions.ts';
import { pathsToUpdate } from '@loyalty/platform/rpc/field-mask.ts';
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
import { required, requireSameId } from './required.ts';
import { parseOffer, renderReward } from './reward-message.ts';

type Method = typeof RewardService.method.updateReward;

const definitionFields = {
  display_name: 'displayName',
  stock: 'stock',
  member_limit: 'memberLimit',
  availability: 'availability',
  condition: 'condition',
  metadata: 'metadata',
} as const satisfies Readonly<Record<string, keyof RewardMessage>>;

export function updateRewardHandler(app: App): Handler<Method> {
  return async (request, context) => {
    const { programId, rewardId, updateMask } = request;
    const message = required(request.reward, 'reward');
    requireSameId('reward.program_id', { inBody: message.programId, inPath: programId });
    requireSameId('reward.reward_id', { inBody: message.rewardId, inPath: rewardId });
    const fields = pathsToUpdate({
      schema: RewardSchema,
      message,
      field: 'reward',
      mask: updateMask,
      updatable: [...Object.keys(definitionFields), 'state', 'fixed', 'conversion'],
      ignored: ['program_id', 'reward_id', 'etag', 'create_time', 'update_time'],
    });
    const reward = await updateReward(app, {
      programId,
      rewardId,
      edit: editor(message, fields),
      etags: etagConditions(request.etag, message.etag),
      author: authorOf(context),
    });
    return { reward: renderReward(reward) };
  };
}

function editor(message: RewardMessage, fields: ReadonlySet<string>) {
  const given = parseOffer(message);
  return ({ state, definition }: RewardOffer): RewardOffer => {
    const edited = { ...definition, price: editedPrice(definition.price) };
    for (const [field, name] of Object.entries(definitionFields)) {
      if (fields.has(field)) Object.assign(edited, { [name]: given.definition[name] });
    }
    return { state: fields.has('state') ? given.state : state, definition: edited };
  };

  // A price that is named replaces the other kind; naming the present kind without a value takes it away.
  function editedPrice(present: RewardMessage['price']): RewardMessage['price'] {
    const { price } = given.definition;
    if (price.case !== undefined && fields.has(price.case)) return price;
    return present.case !== undefined && fields.has(present.case) ? { case: undefined } : present;
  }
}
