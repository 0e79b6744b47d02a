import { withSettings } from './session-settings.ts';

/**
 * The URL of the same database, whose sessions begin in another role: what they may do is then what that role may do,
 * whichever login connects. The login must be a member of the role; PostgreSQL refuses the connection otherwise.
 */
export function withRole(url: string, role: string): string {
  return withSettings(url, { role });
}
