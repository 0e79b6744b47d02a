import type { App } from './app.ts';
import type { PageRequest } from './ledger-store.ts';
import { type MembershipView, viewMembership } from './membership-view.ts';
import { type Page, readPage } from './page.ts';

/**
 * A program's members by user id. Positions are user ids.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable}, where there are no members to show
 */
export async function listMembers(
  app: App,
  { programId, limit, after }: { programId: string } & PageRequest<string>,
): Promise<Page<MembershipView, string>> {
  const now = app.clock();
  const page = await readPage(
    { limit, after },
    {
      read: (part) => app.reader.accountsOfProgram({ programId, now, ...part }),
      positionOf: ({ membership }) => membership.userId,
    },
  );
  // A program with members exists; only an empty page leaves the question open.
  if (page.items.length === 0) await app.catalog.get(programId);
  return { ...page, items: page.items.map((account) => viewMembership(account, now)) };
}
