import { type Redemption, redemptionAt } from '../domain/redemption-state.ts';
import type { App } from './app.ts';
import type { MemberName, PageRequest } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';
import { requireMembershipId } from './require-membership-id.ts';

/**
 * A member's redemptions as they are at this instant, the newest first. Positions are sequences.
 *
 * @throws {MembershipNotFound}
 */
export async function listRedemptions(
  app: App,
  query: MemberName & PageRequest<bigint>,
): Promise<Page<Redemption, bigint>> {
  const membershipId = await requireMembershipId(app.reader, query);
  const page = await readPage(query, {
    read: (part) => app.reader.redemptions({ membershipId, ...part }),
    positionOf: ({ sequence }) => sequence,
  });
  const now = app.clock();
  return { ...page, items: page.items.map((redemption) => redemptionAt(redemption, now)) };
}
