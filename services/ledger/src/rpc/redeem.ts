import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import {
  RedeemRequest_Capture as Capture,
  type RedemptionService,
} from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { App } from '../app/app.ts';
import { causeOf, isMember } from './caller.ts';
import { renderRedeemResult } from './redemption-message.ts';
import { requireText } from './text.ts';

type Method = typeof RedemptionService.method.redeem;

export function redeemHandler({ redeem }: Pick<App, 'redeem'>): Handler<Method> {
  return async (request, context) => {
    requireText({ reference: request.reference });
    const result = await redeem(
      {
        programId: request.programId,
        userId: request.userId,
        idempotencyKey: request.idempotencyKey,
        rewardId: request.rewardId,
        quantity: request.quantity,
        capture: request.capture === Capture.HOLD ? 'HOLD' : 'IMMEDIATE',
        holdSeconds: request.holdSeconds,
        points: request.points,
        expectedPoints: request.expectedPoints,
        reference: request.reference,
        madeByMember: isMember(context),
      },
      causeOf(context),
    );
    return renderRedeemResult(request, result);
  };
}
