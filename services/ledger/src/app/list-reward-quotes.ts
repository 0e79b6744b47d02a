import { isListed } from '@loyalty/rules/reward-availability.ts';
import { smallestRequest } from '@loyalty/rules/reward-price.ts';
import type { App } from './app.ts';
import type { MemberName, PageRequest } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';
import { type QuoteViewer, quoteOffers, type RewardQuote } from './quote-redemption.ts';
import { requireAccount } from './require-account.ts';
import { visibleProgram } from './visible-program.ts';

/**
 * Quotes one unit of every reward that isn't archived, or the fewest points of a conversion, by reward id.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link MembershipNotFound}
 */
export async function listRewardQuotes(
  app: App,
  query: MemberName & PageRequest<string> & QuoteViewer,
): Promise<Page<RewardQuote, string>> {
  const program = await visibleProgram(app.catalog, query);
  const now = app.clock();
  const account = await requireAccount(app.reader, query, now);
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
      return await quoteOffers(app, { program, account, now, asked });
    },
    positionOf: ({ rewardId }) => rewardId,
  });
}
