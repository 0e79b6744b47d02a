import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import type { App } from '../app/app.ts';
import { viewMembership } from '../app/membership-view.ts';
import { causeOf } from './caller.ts';
import { renderMembership } from './membership-message.ts';

type Method = typeof MembershipService.method.leaveProgram;

export function leaveProgramHandler({
  leaveProgram,
  clock,
}: Pick<App, 'leaveProgram' | 'clock'>): Handler<Method> {
  return async ({ programId, userId }, context) => {
    // Only admins make others leave; whoever else may call this is the member.
    const byMember = !context.caller.roles.has('admin');
    const account = await leaveProgram({ programId, userId, byMember }, causeOf(context));
    return { membership: renderMembership(viewMembership(account, clock())) };
  };
}
