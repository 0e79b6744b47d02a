import { decodePageToken, encodePageToken, pageSize } from '@loyalty/platform/paging.ts';
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
import { listOpenHolds } from '../app/list-open-holds.ts';
import { listRedemptions } from '../app/list-redemptions.ts';
import { redeem } from '../app/redeem.ts';
import { reverseRedemption } from '../app/reverse-redemption.ts';
import { parsePart, renderRedeemResult, renderRedemption } from '../messages/redemption-message.ts';
import { authorOf, isMember } from './caller.ts';
import { nextPageToken, parseSequencePage } from './page-request.ts';

/** Points that are held and spent. */
export function redemptionHandlers(
  app: App,
): Pick<
  Handlers<typeof RedemptionService>,
  | 'redeem'
  | 'getRedemption'
  | 'listRedemptions'
  | 'listOpenHolds'
  | 'captureRedemption'
  | 'cancelRedemption'
  | 'reverseRedemption'
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

    async listRedemptions(request) {
      const member = { programId: request.programId, userId: request.userId };
      const filter = { list: 'redemptions', ...member };
      const { items, next } = await listRedemptions(app, {
        ...member,
        ...parseSequencePage(request, filter),
      });
      return {
        redemptions: items.map((redemption) => renderRedemption(member, redemption)),
        nextPageToken: nextPageToken(next, filter),
      };
    },

    async listOpenHolds(request) {
      const { programId } = request;
      const filter = { list: 'open-holds', programId };
      const [holdExpiresAt, redemptionId] = decodePageToken(request.pageToken, filter) ?? [];
      const { items, next } = await listOpenHolds(app, {
        programId,
        limit: pageSize(request.pageSize),
        after:
          holdExpiresAt === undefined || redemptionId === undefined
            ? undefined
            : { holdExpiresAt: Number(holdExpiresAt), redemptionId },
      });
      const position = next && [String(next.holdExpiresAt), next.redemptionId];
      return {
        redemptions: items.map((hold) =>
          renderRedemption({ programId, userId: hold.userId }, hold),
        ),
        nextPageToken: position === undefined ? '' : encodePageToken({ filter, position }),
      };
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
