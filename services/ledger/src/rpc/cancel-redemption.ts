import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { App } from '../app/app.ts';
import { causeOf, isMember } from './caller.ts';
import { renderRedeemResult } from './redemption-message.ts';

type Method = typeof RedemptionService.method.cancelRedemption;

export function cancelRedemptionHandler({
  cancelRedemption,
}: Pick<App, 'cancelRedemption'>): Handler<Method> {
  return async ({ programId, userId, redemptionId }, context) => {
    const member = { programId, userId };
    const cancelled = await cancelRedemption(
      { ...member, redemptionId, byMember: isMember(context) },
      causeOf(context),
    );
    return renderRedeemResult(member, cancelled);
  };
}
