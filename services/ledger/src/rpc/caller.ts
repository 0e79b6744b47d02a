import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';
import { type Author, memberActor } from '../domain/journal.ts';

/** Who and what caused an entry. */
export function authorOf(context: CallContext): Author {
  const { caller, requestId } = context;
  if (isMember(context)) return { actor: memberActor, requestId };
  const role = caller.roles.has('admin') ? 'admin' : 'service';
  return { actor: `${role}:${caller.subject}`, requestId };
}

/** Whether the caller is a member and nothing else. */
export function isMember({ caller }: CallContext): boolean {
  return !caller.roles.has('admin') && !caller.roles.has('service');
}

/** The programs that the caller's token reaches; undefined for all. */
export function programsOf({ caller }: CallContext): readonly string[] | undefined {
  return caller.programs && [...caller.programs];
}
