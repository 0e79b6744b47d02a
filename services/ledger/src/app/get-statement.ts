import { MembershipNotFound, ValidationFailed } from '../domain/errors.ts';
import { type Period, type Statement, statementOf } from '../domain/statement.ts';
import type { App } from './app.ts';
import { type DescribedEntry, describeEntries } from './described-entry.ts';
import type { MemberName, PageRequest } from './ledger-store.ts';
import { type Page, pageOf } from './page.ts';

/** A statement, and a page of its entries, the newest first. */
export interface StatementPage extends Statement {
  readonly page: Page<DescribedEntry, bigint>;
}

/**
 * What changed a member's balance in a period. Positions are sequences.
 *
 * @throws {ValidationFailed} {@link MembershipNotFound}
 */
export async function getStatement(
  app: App,
  query: MemberName & Period & PageRequest<bigint>,
): Promise<StatementPage> {
  const { startTime, endTime, limit, after } = query;
  if (endTime <= startTime) {
    const message = 'must be later than start_time';
    throw new ValidationFailed([{ field: 'end_time', message, names: ['start_time'] }]);
  }
  const now = app.clock();
  const read = await app.reader.statement({ ...query, limit: limit + 1 }, now);
  if (read === undefined) throw new MembershipNotFound();
  const { account, since, entries } = read;
  const statement = statementOf(account, { since, period: { startTime, endTime }, now });
  const due = statement.due.filter(({ sequence }) => after === undefined || sequence < after);
  const found = [...due.toReversed(), ...entries];
  const page = pageOf(found, { limit, positionOf: ({ sequence }) => sequence });
  const { membershipId } = account.membership;
  const owned = page.items.map((entry) => ({ membershipId, entry }));
  return {
    ...statement,
    page: { ...page, items: await describeEntries(app, query.programId, owned) },
  };
}
