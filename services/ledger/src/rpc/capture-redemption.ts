import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { App } from '../app/app.ts';
import { causeOf } from './caller.ts';
import { parsePart, renderRedeemResult } from './redemption-message.ts';

type Method = typeof RedemptionService.method.captureRedemption;

export function captureRedemptionHandler({
  captureRedemption,
}: Pick<App, 'captureRedemption'>): Handler<Method> {
  return async ({ programId, userId, redemptionId, part }, context) => {
    const member = { programId, userId };
    const captured = await captureRedemption(
      { ...member, redemptionId, part: parsePart(part) },
      causeOf(context),
    );
    return renderRedeemResult(member, captured);
  };
}
