import { endOfTime, type Instant } from '@loyalty/rules/instant.ts';
import { MembershipNotFound } from '../domain/errors.ts';
import { type Period, requireLaterEnd } from '../domain/period.ts';
import { type Statement, statementOf } from '../domain/statement.ts';
import type { App } from './app.ts';
import { type DescribedEntry, describeEntries } from './described-entry.ts';
import type { MemberName, PageRequest } from './ledger-store.ts';
import { type Page, pageOf } from './page.ts';

/** A statement, and a page of its entries, the newest first. */
export interface StatementPage extends Statement {
  readonly page: Page<DescribedEntry, StatementPosition>;
}

/** Where a page ends, and the instant of the statement: its later pages are as of the first. */
export interface StatementPosition {
  readonly sequence: bigint;
  /** The first sequence that isn't part of the statement any more. */
  readonly past: bigint;
  /** When the first page was asked for: what was due by then counts. */
  readonly asOf: Instant;
}

/**
 * What changed a member's balance in a period.
 *
 * @throws {ValidationFailed} {@link MembershipNotFound}
 */
export async function getStatement(
  app: App,
  query: MemberName & Period & PageRequest<StatementPosition>,
): Promise<StatementPage> {
  const { programId, userId, startTime, endTime, limit, after } = query;
  requireLaterEnd(query);
  const now = app.clock();
  const asOf = Math.min(after?.asOf ?? now, now);
  const period = { startTime, endTime };
  // What was due within the period is part of it, even if it was written after its end.
  const readUntil = after !== undefined && asOf < endTime ? endOfTime : endTime;
  const read = await app.reader.statement(
    {
      ...{ programId, userId, startTime, endTime: readUntil },
      ...{ limit: limit + 1, after: after?.sequence, past: after?.past },
    },
    asOf,
  );
  if (read === undefined) throw new MembershipNotFound();
  const { account, since, entries } = read;
  const statement = statementOf(account, { since, period, past: after?.past, now: asOf });
  const due = statement.due.filter(({ sequence }) => !after || sequence < after.sequence);
  const page = pageOf([...due.toReversed(), ...entries], {
    limit,
    positionOf: ({ sequence }) => ({ sequence, past: statement.past, asOf }),
  });
  const { membershipId } = account.membership;
  const owned = page.items.map((entry) => ({ membershipId, entry }));
  return {
    ...statement,
    page: { ...page, items: await describeEntries(app, programId, owned) },
  };
}
