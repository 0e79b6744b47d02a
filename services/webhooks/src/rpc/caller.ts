import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';

/** Who asks, such as admin:jane, and in which call. */
export function authorOf({ caller, requestId }: CallContext): { actor: string; requestId: string } {
  const role = caller.roles.has('admin') ? 'admin' : 'service';
  return { actor: `${role}:${caller.subject}`, requestId };
}
