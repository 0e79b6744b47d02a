import { pageRequest, sequencePosition } from '@loyalty/platform/paging.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import { requireStorable } from '@loyalty/platform/rpc/storable.ts';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import { RedemptionSchema } from '@loyalty/proto/loyalty/ledger/v1/redemption_pb.ts';
import {
  RedeemRequest_Capture as Capture,
  ListProgramRedemptionsRequestSchema,
  RedeemRequestSchema,
  type RedemptionService,
} from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { App } from '../app/app.ts';
import { cancelRedemption } from '../app/cancel-redemption.ts';
import { captureRedemption } from '../app/capture-redemption.ts';
import { getRedemption } from '../app/get-redemption.ts';
import { listOpenHolds } from '../app/list-open-holds.ts';
import { listProgramRedemptions } from '../app/list-program-redemptions.ts';
import { listRedemptions } from '../app/list-redemptions.ts';
import { redeem } from '../app/redeem.ts';
import { reverseRedemption } from '../app/reverse-redemption.ts';
import {
  parsePart,
  parseRedemptionState,
  renderRedeemResult,
  renderRedemption,
} from '../messages/redemption-message.ts';
import { authorOf, isMember } from './caller.ts';
import { entryPosition, holdPosition } from './positions.ts';

/** Points that are held and spent. */
export function redemptionHandlers(
  app: App,
): Pick<
  Handlers<typeof RedemptionService>,
  | 'redeem'
  | 'getRedemption'
  | 'listRedemptions'
  | 'listProgramRedemptions'
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
      const list = { filter: { list: 'redemptions', ...member }, position: sequencePosition };
      const page = await listRedemptions(app, { ...member, ...pageRequest(request, list) });
      const { messages, nextPageToken } = renderPage({
        page,
        list,
        schema: RedemptionSchema,
        render: (redemption) => renderRedemption(member, redemption),
      });
      return { redemptions: messages, nextPageToken };
    },

    async listProgramRedemptions(request) {
      requireStorable(ListProgramRedemptionsRequestSchema, request);
      const { programId } = request;
      const query = {
        programId,
        startTime: msOfTimestamp(request.startTime, 'start_time'),
        endTime: msOfTimestamp(request.endTime, 'end_time'),
        state: parseRedemptionState(request.state),
        rewardId: request.rewardId === '' ? undefined : request.rewardId,
        reference: request.reference === '' ? undefined : request.reference,
      };
      const list = {
        filter: { list: 'program-redemptions', ...query },
        position: entryPosition,
      };
      const page = await listProgramRedemptions(app, { ...query, ...pageRequest(request, list) });
      const { messages, nextPageToken } = renderPage({
        page,
        list,
        schema: RedemptionSchema,
        render: (each) => renderRedemption({ programId, userId: each.userId }, each),
      });
      return { redemptions: messages, nextPageToken };
    },

    async listOpenHolds(request) {
      const { programId } = request;
      const list = { filter: { list: 'open-holds', programId }, position: holdPosition };
      const page = await listOpenHolds(app, { programId, ...pageRequest(request, list) });
      const { messages, nextPageToken } = renderPage({
        page,
        list,
        schema: RedemptionSchema,
        render: (hold) => renderRedemption({ programId, userId: hold.userId }, hold),
      });
      return { redemptions: messages, nextPageToken };
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
