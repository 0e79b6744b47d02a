import { isMemberOnly } from '@loyalty/platform/auth/access.ts';
import { actorOf } from '@loyalty/platform/rpc/actor.ts';
import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';
import type { Author } from '@loyalty/rules/author.ts';
import type { Viewer } from '../app/app.ts';
import type { ServedCall } from '../app/open-holds.ts';

/** On whose behalf a call reads. */
export function viewerOf({ caller }: CallContext): Viewer {
  const { roles, programs } = caller;
  return { isMember: isMemberOnly(roles), programIds: programs };
}

/** Who made a change. */
export function authorOf(context: CallContext): Author {
  return { actor: actorOf(context), requestId: context.requestId };
}

/** On whose behalf another service is called. */
export function servedCallOf(context: CallContext): ServedCall {
  const { caller, requestId, traceparent, deadlineMs } = context;
  return { token: caller.token, requestId, traceparent, deadlineMs };
}
