import { type Period, requireLaterEnd } from '../domain/period.ts';
import type { App } from './app.ts';
import type { EntryKey, JournalRecords } from './journal-reader.ts';
import type { EntryPosition, MemberName, PageRequest } from './ledger-store.ts';
import { pageOf } from './page.ts';
import { requireMembershipId } from './require-membership-id.ts';

/** A page of journals: records, and the position of each. */
export interface JournalPage<Position> extends JournalRecords {
  readonly positions: readonly Position[];
  readonly hasMore: boolean;
}

/**
 * The journals of all members of a program in a period as one, the oldest entry first.
 *
 * @throws {ValidationFailed} {@link ProgramNotFound} {@link ProgramsUnavailable}, the last two where there are none to show
 */
export async function readJournalOfProgram(
  { journal, catalog }: App,
  query: { programId: string } & Period & PageRequest<EntryPosition>,
): Promise<JournalPage<EntryPosition>> {
  requireLaterEnd(query, { start: 'period.start_time', end: 'period.end_time' });
  const found = await journal.keysOfProgram({ ...query, limit: query.limit + 1 });
  // A program with entries exists; only an empty page leaves the question open.
  if (found.length === 0) await catalog.get(query.programId);
  const { items, positions, hasMore } = pageOf(found, {
    limit: query.limit,
    positionOf: (position) => position,
  });
  return { ...(await journal.read(items)), positions, hasMore };
}

/**
 * A user's journal from an entry on, by sequence. Positions are sequences.
 *
 * @throws {MembershipNotFound}
 */
export async function readJournalOfUser(
  { journal, reader }: App,
  query: MemberName & { fromSequence: bigint } & PageRequest<bigint>,
): Promise<JournalPage<bigint>> {
  const membershipId = await requireMembershipId(reader, query);
  const asked = query.after === undefined ? query.fromSequence : query.after + 1n;
  // A journal begins with 1 and has no gaps.
  const first = asked > 0n ? asked : 1n;
  const keys = Array.from(
    { length: query.limit + 1 },
    (_, index): EntryKey => ({ membershipId, sequence: first + BigInt(index) }),
  );
  const { records, ruleNames } = await journal.read(keys);
  const { items, positions, hasMore } = pageOf(records, {
    limit: query.limit,
    positionOf: ({ entry }) => entry.sequence,
  });
  return { records: items, ruleNames, positions, hasMore };
}
