import { requireLaterEnd } from '../domain/period.ts';
import { type RedemptionState, redemptionAt } from '../domain/redemption-state.ts';
import type { App } from './app.ts';
import type { EntryPosition, OwnedRedemption, ProgramQuery } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';

/** Only redemptions with all of these; undefined for any. */
export interface RedemptionFilter {
  /** As it is at this instant, whether or not the end of a hold has been written. */
  readonly state: RedemptionState | undefined;
  readonly rewardId: string | undefined;
  readonly reference: string | undefined;
}

/**
 * The redemptions of all members of a program as they are at this instant, the newest first.
 *
 * @throws {ValidationFailed} {@link ProgramNotFound} {@link ProgramsUnavailable}, the last two where there are none to show
 */
export async function listProgramRedemptions(
  app: App,
  query: ProgramQuery<EntryPosition> & RedemptionFilter,
): Promise<Page<OwnedRedemption, EntryPosition>> {
  requireLaterEnd(query);
  const now = app.clock();
  const page = await readPage(query, {
    read: (part) => app.reader.redemptionsOfProgram({ ...query, ...part, now }),
    positionOf: ({ createTime, membershipId, sequence }) => ({
      createTime,
      membershipId,
      sequence,
    }),
  });
  // A program with redemptions exists; only an empty page leaves the question open.
  if (page.items.length === 0) await app.catalog.get(query.programId);
  const items = page.items.map((each) => ({ ...redemptionAt(each, now), userId: each.userId }));
  return { ...page, items };
}
