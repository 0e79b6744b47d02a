import { pageRequest, sequencePosition } from '@loyalty/platform/paging.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import { requireStorable } from '@loyalty/platform/rpc/storable.ts';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import { RedemptionSchema } from '@loyalty/proto/loyalty/ledger/v1/redemption_pb.ts';
import {
  ListProgramRedemptionsRequestSchema,
  type RedemptionService,
} from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { App } from '../app/app.ts';
import { listOpenHolds } from '../app/list-open-holds.ts';
import { listProgramRedemptions } from '../app/list-program-redemptions.ts';
import { listRedemptions } from '../app/list-redemptions.ts';
import { parseRedemptionState, renderRedemption } from '../messages/redemption-message.ts';
import { entryPosition, holdPosition } from './positions.ts';

/** Lists of redemptions, of a member and of a program. */
export function redemptionListHandlers(
  app: App,
): Pick<
  Handlers<typeof RedemptionService>,
  'listRedemptions' | 'listProgramRedemptions' | 'listOpenHolds'
> {
  return {
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
  };
}
