import { decodePageToken, pageSize } from '@loyalty/platform/paging.ts';
import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import { RewardSchema } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import type { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import type { App } from '../app/app.ts';
import { listRewards } from '../app/list-rewards.ts';
import { viewerOf } from './caller.ts';
import { renderPage } from './page.ts';
import { renderReward } from './reward-message.ts';

type Method = typeof RewardService.method.listRewards;

export function listRewardsHandler(app: App): Handler<Method> {
  return async (request, context) => {
    const { programId } = request;
    const filter = { list: 'rewards', programId };
    const page = await listRewards(app, {
      programId,
      viewer: viewerOf(context),
      after: decodePageToken(request.pageToken, filter)?.[0],
      limit: pageSize(request.pageSize),
    });
    const { messages, nextPageToken } = renderPage({
      page,
      schema: RewardSchema,
      render: renderReward,
      filter,
      positionOf: ({ rewardId }) => rewardId,
    });
    return { rewards: messages, nextPageToken };
  };
}
