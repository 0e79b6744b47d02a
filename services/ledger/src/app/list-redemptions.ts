import type { Instant } from '../domain/instant.ts';
import { type Redemption, redemptionAt } from '../domain/redemption-state.ts';
import type { LedgerReader, MemberName, PageRequest } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';
import { requireMembershipId } from './require-membership-id.ts';

/**
 * A member's redemptions as they are at this instant, the newest first. Positions are sequences.
 *
 * @throws {MembershipNotFound}
 */
export type ListRedemptionsUseCase = (
  query: MemberName & PageRequest<bigint>,
) => Promise<Page<Redemption, bigint>>;

export function createListRedemptions(deps: {
  reader: LedgerReader;
  clock: () => Instant;
}): ListRedemptionsUseCase {
  return async (query) => {
    const membershipId = await requireMembershipId(deps.reader, query);
    const { items, next } = await readPage(query, {
      read: (part) => deps.reader.redemptions({ membershipId, ...part }),
      positionOf: ({ sequence }) => sequence,
    });
    const now = deps.clock();
    return { items: items.map((redemption) => redemptionAt(redemption, now)), next };
  };
}
