import { type ExplainedEarn, explained, explainingProgram } from './explained-earn.ts';
import type { LedgerReader, MemberName, PageRequest } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';
import type { ProgramCatalog } from './program-catalog.ts';
import { requireMembershipId } from './require-membership-id.ts';

/**
 * A member's earns, the newest first. Positions are sequences.
 *
 * @throws {MembershipNotFound}
 */
export type ListEarnsUseCase = (
  query: MemberName & PageRequest<bigint>,
) => Promise<Page<ExplainedEarn, bigint>>;

export function createListEarns({
  reader,
  catalog,
}: {
  reader: LedgerReader;
  catalog: ProgramCatalog;
}): ListEarnsUseCase {
  return async (query) => {
    const membershipId = await requireMembershipId(reader, query);
    const page = await readPage(query, {
      read: (part) => reader.earns({ membershipId, ...part }),
      positionOf: ({ sequence }) => sequence,
    });
    const program = await explainingProgram(catalog, query.programId);
    return { ...page, items: page.items.map((earn) => explained(earn, program)) };
  };
}
