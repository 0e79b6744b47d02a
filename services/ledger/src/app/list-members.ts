import { requireLaterEnd } from '../domain/period.ts';
import type { App } from './app.ts';
import type { MemberFilter, MemberPosition, PageRequest } from './ledger-store.ts';
import { type MembershipView, viewMembership } from './membership-view.ts';
import { type Page, readPage } from './page.ts';

/**
 * A program's members by user id, or by join time and user id where the filter has a join time.
 *
 * @throws {ValidationFailed} {@link ProgramNotFound} {@link ProgramsUnavailable}, the last two where there are no members to show
 */
export async function listMembers(
  app: App,
  query: { programId: string } & MemberFilter & PageRequest<MemberPosition>,
): Promise<Page<MembershipView, MemberPosition>> {
  const { joinStartTime, joinEndTime } = query;
  requireLaterEnd(
    { startTime: joinStartTime, endTime: joinEndTime },
    { start: 'join_start_time', end: 'join_end_time' },
  );
  const now = app.clock();
  const page = await readPage(query, {
    read: (part) => app.reader.accountsOfProgram({ ...query, ...part, now }),
    positionOf: ({ membership: { joinTime, userId } }) => ({ joinTime, userId }),
  });
  // A program with members exists; only an empty page leaves the question open.
  if (page.items.length === 0) await app.catalog.get(query.programId);
  return { ...page, items: page.items.map((account) => viewMembership(account, now)) };
}
