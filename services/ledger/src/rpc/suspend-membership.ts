import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import type { App } from '../app/app.ts';
import { viewMembership } from '../app/membership-view.ts';
import { causeOf } from './caller.ts';
import { renderMembership } from './membership-message.ts';

type Method = typeof MembershipService.method.suspendMembership;

export function suspendMembershipHandler({
  suspendMembership,
  clock,
}: Pick<App, 'suspendMembership' | 'clock'>): Handler<Method> {
  return async ({ programId, userId }, context) => {
    const account = await suspendMembership({ programId, userId }, causeOf(context));
    return { membership: renderMembership(viewMembership(account, clock())) };
  };
}
