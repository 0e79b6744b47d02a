import type { Instant } from '../domain/instant.ts';
import type { HoldPosition, LedgerReader, OpenHold, PageRequest } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';
import type { ProgramCatalog } from './program-catalog.ts';

/**
 * The holds of a program that are open at this instant, whether or not the end of others has been written; those that
 * end first come first.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable}, where there are none to show
 */
export type ListOpenHoldsUseCase = (
  query: { programId: string } & PageRequest<HoldPosition>,
) => Promise<Page<OpenHold, HoldPosition>>;

export function createListOpenHolds(deps: {
  reader: LedgerReader;
  catalog: ProgramCatalog;
  clock: () => Instant;
}): ListOpenHoldsUseCase {
  return async ({ programId, ...part }) => {
    const now = deps.clock();
    const page = await readPage(part, {
      read: (asked) => deps.reader.openHolds({ programId, now, ...asked }),
      positionOf: ({ holdExpiresAt, redemptionId }) => ({ holdExpiresAt, redemptionId }),
    });
    // A program with holds exists; only an empty answer leaves it open.
    if (page.items.length === 0) await deps.catalog.get(programId);
    return page;
  };
}
