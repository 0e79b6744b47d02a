import type { Instant } from '../domain/instant.ts';
import type { LedgerReader, PageRequest } from './ledger-store.ts';
import { type MembershipView, viewMembership } from './membership-view.ts';
import { type Page, readPage } from './page.ts';

/** A user's memberships by program id, in the programs given or in all. Positions are program ids. */
export type ListMembershipsUseCase = (
  query: { userId: string; programs: readonly string[] | undefined } & PageRequest<string>,
) => Promise<Page<MembershipView, string>>;

export function createListMemberships(deps: {
  reader: LedgerReader;
  clock: () => Instant;
}): ListMembershipsUseCase {
  return async ({ userId, programs, limit, after }) => {
    const now = deps.clock();
    const { items, next } = await readPage(
      { limit, after },
      {
        read: (part) => deps.reader.accountsOfUser({ userId, programs, now, ...part }),
        positionOf: ({ membership }) => membership.programId,
      },
    );
    return { items: items.map((account) => viewMembership(account, now)), next };
  };
}
