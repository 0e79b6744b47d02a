import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { App } from '../app/app.ts';
import { isMember } from './caller.ts';
import { nextPageToken, parsePage } from './page-request.ts';
import { renderQuote } from './quote-message.ts';

type Method = typeof RedemptionService.method.listRewardQuotes;

export function listRewardQuotesHandler({
  listRewardQuotes,
}: Pick<App, 'listRewardQuotes'>): Handler<Method> {
  return async (request, context) => {
    const member = { programId: request.programId, userId: request.userId };
    const filter = { list: 'reward-quotes', ...member };
    const { items, next } = await listRewardQuotes({
      ...member,
      ...parsePage(request, filter),
      byMember: isMember(context),
    });
    return { rewardQuotes: items.map(renderQuote), nextPageToken: nextPageToken(next, filter) };
  };
}
