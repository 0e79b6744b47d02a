import type { EntryKind } from '../domain/journal.ts';
import { requireLaterEnd } from '../domain/period.ts';
import type { App } from './app.ts';
import { type DescribedEntry, describeEntries } from './described-entry.ts';
import type { EntryPosition, ProgramQuery } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';

/** An entry, and whose it is. */
export type OwnedEntry = DescribedEntry & { readonly userId: string };

/**
 * The journals of all members of a program as one, the newest entry first.
 *
 * @param query.kinds only these; all when empty
 * @throws {ValidationFailed} {@link ProgramNotFound} {@link ProgramsUnavailable}, the last two where there are none to show
 */
export async function listProgramEntries(
  app: App,
  query: ProgramQuery<EntryPosition> & { kinds: readonly EntryKind[] },
): Promise<Page<OwnedEntry, EntryPosition>> {
  requireLaterEnd(query);
  const { programId } = query;
  const page = await readPage(query, {
    read: (part) => app.reader.entriesOfProgram({ ...query, ...part }),
    positionOf: ({ membershipId, entry: { createTime, sequence } }) => ({
      createTime,
      membershipId,
      sequence,
    }),
  });
  // A program with entries exists; only an empty page leaves the question open.
  if (page.items.length === 0) await app.catalog.get(programId);
  const described = await describeEntries(app, programId, page.items);
  const users = page.items.map(({ userId }) => userId);
  const items = described.map((entry, index) => ({ ...entry, userId: users[index] ?? '' }));
  return { ...page, items };
}
