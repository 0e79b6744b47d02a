import type { CallContext } from './call-context.ts';

/** Who calls, with the first of the roles, such as `service:checkout`. */
export function actorOf({ caller }: Pick<CallContext, 'caller'>): string {
  const role = (['admin', 'service', 'member'] as const).find((name) => caller.roles.has(name));
  return `${role}:${caller.subject}`;
}
