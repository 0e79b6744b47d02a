import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import type { App } from '../app/app.ts';
import { programsOf } from './caller.ts';
import { renderMembership } from './membership-message.ts';
import { nextPageToken, parsePage } from './page-request.ts';

type Method = typeof MembershipService.method.listMemberships;

/** Shows the memberships in the programs that the caller's token reaches. */
export function listMembershipsHandler({
  listMemberships,
}: Pick<App, 'listMemberships'>): Handler<Method> {
  return async (request, context) => {
    const { userId } = request;
    const filter = { list: 'memberships', userId };
    const { items, next } = await listMemberships({
      userId,
      programs: programsOf(context),
      ...parsePage(request, filter),
    });
    return { memberships: items.map(renderMembership), nextPageToken: nextPageToken(next, filter) };
  };
}
