import type { Instant } from '../domain/instant.ts';
import type { LedgerReader, PageRequest } from './ledger-store.ts';
import { type MembershipView, viewMembership } from './membership-view.ts';
import { type Page, readPage } from './page.ts';
import type { ProgramCatalog } from './program-catalog.ts';

/**
 * A program's members by user id. Positions are user ids.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable}, where there are no members to show
 */
export type ListMembersUseCase = (
  query: { programId: string } & PageRequest<string>,
) => Promise<Page<MembershipView, string>>;

export function createListMembers(deps: {
  reader: LedgerReader;
  catalog: ProgramCatalog;
  clock: () => Instant;
}): ListMembersUseCase {
  return async ({ programId, limit, after }) => {
    const now = deps.clock();
    const page = await readPage(
      { limit, after },
      {
        read: (part) => deps.reader.accountsOfProgram({ programId, now, ...part }),
        positionOf: ({ membership }) => membership.userId,
      },
    );
    // A program with members exists; only an empty answer leaves it open.
    if (page.items.length === 0) await deps.catalog.get(programId);
    return { items: page.items.map((account) => viewMembership(account, now)), next: page.next };
  };
}
