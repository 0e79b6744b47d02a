import type { App } from './app.ts';
import { type ProgramSummary, periodOf, type SummaryQuery } from './program-summaries.ts';

/**
 * The sums over all members of a program, as of an instant that can be up to a few minutes ago.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ValidationFailed} {@link Overloaded} {@link StorageUnavailable}
 */
export async function getProgramSummary(
  { catalog, clock, summaries }: Pick<App, 'catalog' | 'clock' | 'summaries'>,
  query: SummaryQuery,
): Promise<ProgramSummary> {
  const program = await catalog.get(query.programId);
  periodOf(program, query, clock());
  return await summaries({ program, query });
}
