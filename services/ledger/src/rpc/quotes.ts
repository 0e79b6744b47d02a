import { pageRequest, textPosition } from '@loyalty/platform/paging.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import {
  type RedemptionService,
  RewardQuoteSchema,
} from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { App } from '../app/app.ts';
import { listRewardQuotes } from '../app/list-reward-quotes.ts';
import { quoteRedemption } from '../app/quote-redemption.ts';
import { renderQuote } from '../messages/quote-message.ts';
import { isMember } from './caller.ts';

/** What rewards would cost a member. */
export function quoteHandlers(
  app: App,
): Pick<Handlers<typeof RedemptionService>, 'quoteRedemption' | 'listRewardQuotes'> {
  return {
    async quoteRedemption({ programId, userId, rewardId, quantity, points }, context) {
      const byMember = isMember(context);
      const asked = { programId, userId, rewardId, quantity, points, byMember };
      return { quote: renderQuote(await quoteRedemption(app, asked)) };
    },

    async listRewardQuotes(request, context) {
      const member = { programId: request.programId, userId: request.userId };
      const list = { filter: { list: 'reward-quotes', ...member }, position: textPosition };
      const page = await listRewardQuotes(app, {
        ...member,
        ...pageRequest(request, list),
        byMember: isMember(context),
      });
      const { messages, nextPageToken } = renderPage({
        page,
        list,
        schema: RewardQuoteSchema,
        render: renderQuote,
      });
      return { rewardQuotes: messages, nextPageToken };
    },
  };
}
