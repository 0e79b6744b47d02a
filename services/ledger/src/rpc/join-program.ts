import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import type { App } from '../app/app.ts';
import { viewMembership } from '../app/membership-view.ts';
import { requireStorable } from './attributes.ts';
import { causeOf, isMember } from './caller.ts';
import { renderMembership } from './membership-message.ts';
import { cutInstantOf } from './time.ts';

type Method = typeof MembershipService.method.joinProgram;

export function joinProgramHandler({
  joinProgram,
  clock,
}: Pick<App, 'joinProgram' | 'clock'>): Handler<Method> {
  return async (request, context) => {
    const { programId, userId, attributes } = request;
    requireStorable(attributes, 'attributes');
    const joinTime = cutInstantOf(request.joinTime, 'join_time');
    const { account, replayed } = await joinProgram(
      { programId, userId, attributes, joinTime, byMember: isMember(context) },
      causeOf(context),
    );
    return { membership: renderMembership(viewMembership(account, clock())), replayed };
  };
}
