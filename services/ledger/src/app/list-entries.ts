import type { Instant } from '@loyalty/rules/instant.ts';
import type { EntryKind } from '../domain/journal.ts';
import { requireLaterEnd } from '../domain/period.ts';
import type { App } from './app.ts';
import { type DescribedEntry, describeEntries } from './described-entry.ts';
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
 * @throws {ValidationFailed} {@link MembershipNotFound}
 */
export async function listEntries(
  app: App,
  query: MemberName & EntryFilter & PageRequest<bigint>,
): Promise<Page<DescribedEntry, bigint>> {
  requireLaterEnd(query);
  const membershipId = await requireMembershipId(app.reader, query);
  const { kinds, startTime, endTime } = query;
  const page = await readPage(query, {
    read: (part) => app.reader.entries({ membershipId, kinds, startTime, endTime, ...part }),
    positionOf: ({ sequence }) => sequence,
  });
  const owned = page.items.map((entry) => ({ membershipId, entry }));
  return { ...page, items: await describeEntries(app, query.programId, owned) };
}
