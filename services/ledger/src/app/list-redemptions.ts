import type { Redemption } from '../domain/redemption-state.ts';
import type { LedgerReader, MemberName, PageRequest } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';
import { requireAccount } from './require-account.ts';

/**
 * A member's redemptions, the newest first. Positions are sequences.
 *
 * @throws {MembershipNotFound}
 */
export type ListRedemptionsUseCase = (
  query: MemberName & PageRequest<bigint>,
) => Promise<Page<Redemption, bigint>>;

export function createListRedemptions({
  reader,
}: {
  reader: LedgerReader;
}): ListRedemptionsUseCase {
  return async (query) => {
    const { membershipId } = (await requireAccount(reader, query)).membership;
    return await readPage(query, {
      read: (part) => reader.redemptions({ membershipId, ...part }),
      positionOf: ({ sequence }) => sequence,
    });
  };
}
