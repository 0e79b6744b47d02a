import type { App } from './app.ts';
import type { PageRequest } from './ledger-store.ts';
import { type MembershipView, viewMembership } from './membership-view.ts';
import { type Page, readPage } from './page.ts';

/** A user's memberships by program id, in the programs given or in all. Positions are program ids. */
export async function listMemberships(
  app: App,
  {
    userId,
    programs,
    limit,
    after,
  }: { userId: string; programs: readonly string[] | undefined } & PageRequest<string>,
): Promise<Page<MembershipView, string>> {
  const now = app.clock();
  const page = await readPage(
    { limit, after },
    {
      read: (part) => app.reader.accountsOfUser({ userId, programs, now, ...part }),
      positionOf: ({ membership }) => membership.programId,
    },
  );
  return { ...page, items: page.items.map((account) => viewMembership(account, now)) };
}
