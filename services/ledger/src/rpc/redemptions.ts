import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { requireStorable } from '@loyalty/platform/rpc/storable.ts';
import {
  RedeemRequest_Capture as Capture,
  RedeemRequestSchema,
  type RedemptionService,
} from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { App } from '../app/app.ts';
import { cancelRedemption } from '../app/cancel-redemption.ts';
import { captureRedemption } from '../app/capture-redemption.ts';
import { getRedemption } from '../app/get-redemption.ts';
import { redeem } from '../app/redeem.ts';
import { reverseRedemption } from '../app/reverse-redemption.ts';
import { parsePart, renderRedeemResult, renderRedemption } from '../messages/redemption-message.ts';
import { authorOf, isMember } from './caller.ts';

/** Points that are held and spent. */
export function redemptionHandlers(
  app: App,
): Pick<
  Handlers<typeof RedemptionService>,
  'redeem' | 'getRedemption' | 'captureRedemption' | 'cancelRedemption' | 'reverseRedemption'
> {
  return {
    async redeem(request, context) {
      requireStorable(RedeemRequestSchema, request);
      const result = await redeem(
        app,
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
        authorOf(context),
      );
      return renderRedeemResult(request, result);
    },

    async getRedemption({ programId, userId, redemptionId }) {
      const member = { programId, userId };
      const redemption = await getRedemption(app, { ...member, redemptionId });
      return { redemption: renderRedemption(member, redemption) };
    },

    async captureRedemption({ programId, userId, redemptionId, part }, context) {
      const member = { programId, userId };
      const captured = await captureRedemption(
        app,
        { ...member, redemptionId, part: parsePart(part) },
        authorOf(context),
      );
      return renderRedeemResult(member, captured);
    },

    async cancelRedemption({ programId, userId, redemptionId }, context) {
      const member = { programId, userId };
      const cancelled = await cancelRedemption(
        app,
        { ...member, redemptionId, byMember: isMember(context) },
        authorOf(context),
      );
      return renderRedeemResult(member, cancelled);
    },

    async reverseRedemption({ programId, userId, redemptionId, idempotencyKey, part }, context) {
      const member = { programId, userId };
      const reversed = await reverseRedemption(
        app,
        { ...member, redemptionId, idempotencyKey, part: parsePart(part) },
        authorOf(context),
      );
      return renderRedeemResult(member, reversed);
    },
  };
}
