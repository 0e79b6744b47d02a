import { isListed } from '@loyalty/rules/reward-availability.ts';
import { smallestRequest } from '@loyalty/rules/reward-price.ts';
import type { MemberName, PageRequest } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';
import { type Asker, type QuoteDeps, quoteOffers, type RewardQuote } from './quote-redemption.ts';
import { requireAccount } from './require-account.ts';
import { visibleProgram } from './visible-program.ts';

/**
 * Quotes one unit of every reward that isn't archived, or the fewest points of a conversion, by reward id.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link MembershipNotFound}
 */
export type ListRewardQuotesUseCase = (
  query: MemberName & PageRequest<string> & Asker,
) => Promise<Page<RewardQuote, string>>;

export function createListRewardQuotes(deps: QuoteDeps): ListRewardQuotesUseCase {
  return async (query) => {
    const program = await visibleProgram(deps.catalog, query);
    const now = deps.clock();
    const account = await requireAccount(deps.reader, query, now);
    const offers = [...program.rewards.values()]
      .filter(isListed)
      .toSorted((a, b) => (a.reward.rewardId < b.reward.rewardId ? -1 : 1));
    return await readPage(query, {
      read: async ({ limit, after = '' }) => {
        const page = offers.filter(({ reward }) => reward.rewardId > after).slice(0, limit);
        const asked = page.map((offer) => ({
          offer,
          request: { rewardId: offer.reward.rewardId, ...smallestRequest(offer.reward) },
        }));
        return await quoteOffers(deps, { program, account, now, asked });
      },
      positionOf: ({ rewardId }) => rewardId,
    });
  };
}
