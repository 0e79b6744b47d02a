import type { App } from './app.ts';
import { type ExplainedEarn, explained, explainingProgram } from './explained-earn.ts';
import type { MemberName, PageRequest } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';
import { requireMembershipId } from './require-membership-id.ts';

/**
 * A member's earns, the newest first. Positions are sequences.
 *
 * @throws {MembershipNotFound}
 */
export async function listEarns(
  app: App,
  query: MemberName & PageRequest<bigint>,
): Promise<Page<ExplainedEarn, bigint>> {
  const membershipId = await requireMembershipId(app.reader, query);
  const page = await readPage(query, {
    read: (part) => app.reader.earns({ membershipId, ...part }),
    positionOf: ({ sequence }) => sequence,
  });
  const program = await explainingProgram(app.catalog, query.programId);
  return { ...page, items: page.items.map((earn) => explained(earn, program)) };
}
