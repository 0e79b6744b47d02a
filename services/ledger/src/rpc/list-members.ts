import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import type { App } from '../app/app.ts';
import { renderMembership } from './membership-message.ts';
import { nextPageToken, parsePage } from './page-request.ts';

type Method = typeof MembershipService.method.listMembers;

export function listMembersHandler({ listMembers }: Pick<App, 'listMembers'>): Handler<Method> {
  return async (request) => {
    const { programId } = request;
    const filter = { list: 'members', programId };
    const { items, next } = await listMembers({ programId, ...parsePage(request, filter) });
    return { members: items.map(renderMembership), nextPageToken: nextPageToken(next, filter) };
  };
}
