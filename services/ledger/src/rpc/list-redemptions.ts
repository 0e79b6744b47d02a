import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { App } from '../app/app.ts';
import { nextPageToken, parseSequencePage } from './page-request.ts';
import { renderRedemption } from './redemption-message.ts';

type Method = typeof RedemptionService.method.listRedemptions;

export function listRedemptionsHandler({
  listRedemptions,
}: Pick<App, 'listRedemptions'>): Handler<Method> {
  return async (request) => {
    const member = { programId: request.programId, userId: request.userId };
    const filter = { list: 'redemptions', ...member };
    const { items, next } = await listRedemptions({
      ...member,
      ...parseSequencePage(request, filter),
    });
    return {
      redemptions: items.map((redemption) => renderRedemption(member, redemption)),
      nextPageToken: nextPageToken(next, filter),
    };
  };
}
