import { pageRequest, textPosition } from '@loyalty/platform/paging.ts';
import { etagConditions } from '@loyalty/platform/rpc/etag-conditions.ts';
import { pathsToUpdate } from '@loyalty/platform/rpc/field-mask.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import { required, requireSameId } from '@loyalty/platform/rpc/required.ts';
import {
  type Reward as RewardMessage,
  RewardSchema,
} from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import type { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import type { App } from '../app/app.ts';
import { createReward } from '../app/create-reward.ts';
import { getReward } from '../app/get-reward.ts';
import { listRewards } from '../app/list-rewards.ts';
import { updateReward } from '../app/update-reward.ts';
import type { RewardOffer } from '../domain/reward.ts';
import { authorOf, viewerOf } from './caller.ts';
import { parseOffer, renderReward } from './reward-message.ts';

/** What points buy. */
export function rewardHandlers(app: App): Handlers<typeof RewardService> {
  return {
    async createReward(request, context) {
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
    },

    async updateReward(request, context) {
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
    },

    async getReward({ programId, rewardId }, context) {
      const viewer = viewerOf(context);
      const reward = await getReward(app, { programId, rewardId, viewer });
      return { reward: renderReward(reward, viewer) };
    },

    async listRewards(request, context) {
      const { programId } = request;
      const list = { filter: { list: 'rewards', programId }, position: textPosition };
      const viewer = viewerOf(context);
      const page = await listRewards(app, { programId, viewer, ...pageRequest(request, list) });
      const { messages, nextPageToken } = renderPage({
        page: { ...page, positions: page.items.map(({ rewardId }) => rewardId) },
        list,
        schema: RewardSchema,
        render: (reward) => renderReward(reward, viewer),
      });
      return { rewards: messages, nextPageToken };
    },
  };
}

const definitionFields = {
  display_name: 'displayName',
  description: 'description',
  image_uri: 'imageUri',
  stock: 'stock',
  member_limit: 'memberLimit',
  availability: 'availability',
  condition: 'condition',
  metadata: 'metadata',
} as const satisfies Readonly<Record<string, keyof RewardMessage>>;

function editor(message: RewardMessage, fields: ReadonlySet<string>) {
  const given = parseOffer(message);
  return ({ state, definition }: RewardOffer): RewardOffer => {
    const edited = { ...definition, price: editedPrice(definition.price) };
    for (const [field, name] of Object.entries(definitionFields)) {
      if (fields.has(field)) Object.assign(edited, { [name]: given.definition[name] });
    }
    return { state: fields.has('state') ? given.state : state, definition: edited };
  };

  // A price in the mask replaces the other kind; the current kind without a value is removed.
  function editedPrice(present: RewardMessage['price']): RewardMessage['price'] {
    const { price } = given.definition;
    if (price.case !== undefined && fields.has(price.case)) return price;
    return present.case !== undefined && fields.has(present.case) ? { case: undefined } : present;
  }
}
