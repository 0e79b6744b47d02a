import { isMemberOnly } from '@loyalty/platform/auth/access.ts';
import { actorOf } from '@loyalty/platform/rpc/actor.ts';
import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';
import type { Author } from '@loyalty/rules/author.ts';
import { memberActor } from '../domain/journal.ts';

/** Who and what caused an entry. */
export function authorOf(context: CallContext): Author {
  return {
    actor: isMember(context) ? memberActor : actorOf(context),
    requestId: context.requestId,
  };
}

/** Whether the caller is a member and nothing else. */
export function isMember({ caller }: CallContext): boolean {
  return isMemberOnly(caller.roles);
}

/** The programs that the caller's token reaches; undefined for all. */
export function programsOf({ caller }: CallContext): readonly string[] | undefined {
  return caller.programs && [...caller.programs];
}
