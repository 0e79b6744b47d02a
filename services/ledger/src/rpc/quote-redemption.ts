import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { App } from '../app/app.ts';
import { isMember } from './caller.ts';
import { renderQuote } from './quote-message.ts';

type Method = typeof RedemptionService.method.quoteRedemption;

export function quoteRedemptionHandler({
  quoteRedemption,
}: Pick<App, 'quoteRedemption'>): Handler<Method> {
  return async ({ programId, userId, rewardId, quantity, points }, context) => {
    const byMember = isMember(context);
    const asked = { programId, userId, rewardId, quantity, points, byMember };
    return { quote: renderQuote(await quoteRedemption(asked)) };
  };
}
