import type { EarnState } from '../domain/earn.ts';
import { requireLaterEnd } from '../domain/period.ts';
import type { App } from './app.ts';
import { type ExplainedEarn, explained, explainingProgram } from './explained-earn.ts';
import type { EarnPosition, OwnedEarn, ProgramQuery } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';

/**
 * The earns of all members of a program, the newest first.
 *
 * @throws {ValidationFailed} {@link ProgramNotFound} {@link ProgramsUnavailable}, the last two where there are none to show
 */
export async function listProgramEarns(
  app: App,
  query: ProgramQuery<EarnPosition> & { state: EarnState | undefined },
): Promise<Page<OwnedEarn & ExplainedEarn, EarnPosition>> {
  requireLaterEnd(query);
  const page = await readPage(query, {
    read: (part) => app.reader.earnsOfProgram({ ...query, ...part }),
    positionOf: ({ postTime, transactionId }) => ({ postTime, transactionId }),
  });
  // A program with earns exists; only an empty page leaves the question open.
  if (page.items.length === 0) await app.catalog.get(query.programId);
  const program = await explainingProgram(app.catalog, query.programId);
  return { ...page, items: page.items.map((earn) => explained(earn, program)) };
}
