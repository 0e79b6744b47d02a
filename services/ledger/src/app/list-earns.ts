import type { LedgerReader, MemberName, PageRequest, PostedEarn } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';
import { requireMembershipId } from './require-membership-id.ts';

/**
 * A member's earns, the newest first. Positions are sequences.
 *
 * @throws {MembershipNotFound}
 */
export type ListEarnsUseCase = (
  query: MemberName & PageRequest<bigint>,
) => Promise<Page<PostedEarn, bigint>>;

export function createListEarns({ reader }: { reader: LedgerReader }): ListEarnsUseCase {
  return async (query) => {
    const membershipId = await requireMembershipId(reader, query);
    return await readPage(query, {
      read: (part) => reader.earns({ membershipId, ...part }),
      positionOf: ({ sequence }) => sequence,
    });
  };
}
