import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import type { App } from '../app/app.ts';
import { viewMembership } from '../app/membership-view.ts';
import { requireStorable } from './attributes.ts';
import { causeOf } from './caller.ts';
import { renderMembership } from './membership-message.ts';

type Method = typeof MembershipService.method.joinProgram;

export function joinProgramHandler({
  joinProgram,
  clock,
}: Pick<App, 'joinProgram' | 'clock'>): Handler<Method> {
  return async ({ programId, userId, attributes }, context) => {
    requireStorable(attributes, 'attributes');
    const { account, replayed } = await joinProgram(
      { programId, userId, attributes },
      causeOf(context),
    );
    return { membership: renderMembership(viewMembership(account, clock())), replayed };
  };
}
