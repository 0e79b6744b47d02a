import { type PagedList, pageRequest, textPosition } from '@loyalty/platform/paging.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import { requireStorable } from '@loyalty/platform/rpc/storable.ts';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import { MembershipSchema } from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import {
  type ListMembersRequest,
  ListMembersRequestSchema,
  type MembershipService,
} from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import type { App } from '../app/app.ts';
import { listMembers } from '../app/list-members.ts';
import { listMemberships } from '../app/list-memberships.ts';
import type { MembershipView } from '../app/membership-view.ts';
import type { Page } from '../app/page.ts';
import { parseMembershipState, renderMembership } from '../messages/membership-message.ts';
import { programsOf } from './caller.ts';
import { memberPosition } from './positions.ts';

/** Lists of memberships, of a program and of a user. */
export function membershipListHandlers(
  app: App,
): Pick<Handlers<typeof MembershipService>, 'listMembers' | 'listMemberships'> {
  return {
    async listMembers(request) {
      requireStorable(ListMembersRequestSchema, request);
      const { attributeKey: key, attributeValue: value } = request;
      requireKeyWithValue(request);
      const query = {
        programId: request.programId,
        userIdPrefix: request.userIdPrefix,
        state: parseMembershipState(request.state),
        joinStartTime: msOfTimestamp(request.joinStartTime, 'join_start_time'),
        joinEndTime: msOfTimestamp(request.joinEndTime, 'join_end_time'),
      };
      const filter = { list: 'members', ...query, key, value };
      const list = { filter, position: memberPosition };
      const page = await listMembers(app, {
        ...query,
        attribute: key === '' ? undefined : { key, value },
        ...pageRequest(request, list),
      });
      const { messages, nextPageToken } = renderMembers(page, list);
      return { members: messages, nextPageToken };
    },

    /** Shows the memberships in the programs that the caller's token reaches. */
    async listMemberships(request, context) {
      const { userId } = request;
      const list = { filter: { list: 'memberships', userId }, position: textPosition };
      const page = await listMemberships(app, {
        userId,
        programs: programsOf(context),
        ...pageRequest(request, list),
      });
      const { messages, nextPageToken } = renderMembers(page, list);
      return { memberships: messages, nextPageToken };
    },
  };
}

function renderMembers<Position>(page: Page<MembershipView, Position>, list: PagedList<Position>) {
  return renderPage({ page, list, schema: MembershipSchema, render: renderMembership });
}

/** No value given is the same as an empty one, so nothing can be listed by an empty value. */
function requireKeyWithValue({ attributeKey, attributeValue }: ListMembersRequest): void {
  if (attributeKey === '' && attributeValue !== '') {
    const message = 'needs attribute_key, which names the attribute';
    throw new ValidationFailed([{ field: 'attribute_value', message, names: ['attribute_key'] }]);
  }
  if (attributeKey !== '' && attributeValue === '') {
    const message = 'needs attribute_value, which is what the attribute must be';
    throw new ValidationFailed([{ field: 'attribute_key', message, names: ['attribute_value'] }]);
  }
}
