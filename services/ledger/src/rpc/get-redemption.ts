import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { App } from '../app/app.ts';
import { renderRedemption } from './redemption-message.ts';

type Method = typeof RedemptionService.method.getRedemption;

export function getRedemptionHandler({
  getRedemption,
}: Pick<App, 'getRedemption'>): Handler<Method> {
  return async ({ programId, userId, redemptionId }) => {
    const member = { programId, userId };
    const redemption = await getRedemption({ ...member, redemptionId });
    return { redemption: renderRedemption(member, redemption) };
  };
}
