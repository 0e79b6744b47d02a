import type { App } from './app.ts';
import type { HoldPosition, OpenHold, PageRequest } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';

/**
 * The holds of a program that are open at this instant, whether or not the end of others has been written; those that
 * end first come first.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable}, where there are none to show
 */
export async function listOpenHolds(
  app: App,
  { programId, ...part }: { programId: string } & PageRequest<HoldPosition>,
): Promise<Page<OpenHold, HoldPosition>> {
  const now = app.clock();
  const page = await readPage(part, {
    read: (asked) => app.reader.openHolds({ programId, now, ...asked }),
    positionOf: ({ holdExpiresAt, redemptionId }) => ({ holdExpiresAt, redemptionId }),
  });
  // A program with holds exists; only an empty page leaves the question open.
  if (page.items.length === 0) await app.catalog.get(programId);
  return page;
}
