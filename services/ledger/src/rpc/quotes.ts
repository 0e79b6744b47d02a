import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import type { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { App } from '../app/app.ts';
import { listRewardQuotes } from '../app/list-reward-quotes.ts';
import { quoteRedemption } from '../app/quote-redemption.ts';
import { renderQuote } from '../messages/quote-message.ts';
import { isMember } from './caller.ts';
import { nextPageToken, parsePage } from './page-request.ts';

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
      const filter = { list: 'reward-quotes', ...member };
      const { items, next } = await listRewardQuotes(app, {
        ...member,
        ...parsePage(request, filter),
        byMember: isMember(context),
      });
      return { rewardQuotes: items.map(renderQuote), nextPageToken: nextPageToken(next, filter) };
    },
  };
}
