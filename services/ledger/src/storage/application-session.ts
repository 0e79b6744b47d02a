import { withPlansByIndex } from '@loyalty/platform/postgres/plans.ts';
import { withRole } from '@loyalty/platform/postgres/role.ts';
import { applicationRole } from './application-role.ts';

/**
 * The URL of the ledger's database for all that the service does there once it has migrated. `loyalty verify` connects
 * without it: it reads whole tables.
 */
export function applicationSession(url: string): string {
  return withPlansByIndex(withRole(url, applicationRole));
}

/**
 * The same for reports, which read whole tables. They have connections of their own, so that none of those that serve calls
 * is busy with them.
 */
export function reportSession(url: string): string {
  return withRole(url, applicationRole);
}

/**
 * How long a database transaction of the ledger waits for a lock before it is undone, and run again without what it waited
 * for. Locks of another replica last a few milliseconds, unless that replica has stopped.
 */
export const lockTimeoutMs = 250;
