import type { Instant } from '../domain/instant.ts';
import type { Entry, EntryKind } from '../domain/journal.ts';
import type { App } from './app.ts';
import type { MemberName, PageRequest } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';
import { requireMembershipId } from './require-membership-id.ts';

export interface EntryFilter {
  /** Only these kinds; all when empty. */
  readonly kinds: readonly EntryKind[];
  /** Only entries written at or after it. */
  readonly startTime: Instant | undefined;
  /** Only entries written before it. */
  readonly endTime: Instant | undefined;
}

/**
 * A member's journal, the newest entry first. Positions are sequences.
 *
 * @throws {MembershipNotFound}
 */
export async function listEntries(
  app: App,
  query: MemberName & EntryFilter & PageRequest<bigint>,
): Promise<Page<Entry, bigint>> {
  const membershipId = await requireMembershipId(app.reader, query);
  const { kinds, startTime, endTime } = query;
  return await readPage(query, {
    read: (part) => app.reader.entries({ membershipId, kinds, startTime, endTime, ...part }),
    positionOf: ({ sequence }) => sequence,
  });
}
