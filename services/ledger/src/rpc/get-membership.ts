import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import type { App } from '../app/app.ts';
import { renderMembership } from './membership-message.ts';

type Method = typeof MembershipService.method.getMembership;

export function getMembershipHandler({
  getMembership,
}: Pick<App, 'getMembership'>): Handler<Method> {
  return async ({ programId, userId }) => ({
    membership: renderMembership(await getMembership({ programId, userId })),
  });
}
