import { decodePageToken, encodePageToken, pageSize } from '@loyalty/platform/paging.ts';
import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { App } from '../app/app.ts';
import { renderRedemption } from './redemption-message.ts';

type Method = typeof RedemptionService.method.listOpenHolds;

export function listOpenHoldsHandler({
  listOpenHolds,
}: Pick<App, 'listOpenHolds'>): Handler<Method> {
  return async (request) => {
    const { programId } = request;
    const filter = { list: 'open-holds', programId };
    const [holdExpiresAt, redemptionId] = decodePageToken(request.pageToken, filter) ?? [];
    const { items, next } = await listOpenHolds({
      programId,
      limit: pageSize(request.pageSize),
      after:
        holdExpiresAt === undefined || redemptionId === undefined
          ? undefined
          : { holdExpiresAt: Number(holdExpiresAt), redemptionId },
    });
    const position = next && [String(next.holdExpiresAt), next.redemptionId];
    return {
      redemptions: items.map((hold) => renderRedemption({ programId, userId: hold.userId }, hold)),
      nextPageToken: position === undefined ? '' : encodePageToken({ filter, position }),
    };
  };
}
