import { beginningOfTime, type Instant } from '@loyalty/rules/instant.ts';
import { type DatedPoints, type Expiry, expiriesOf, maturitiesOf } from '../domain/balance.ts';
import { bringUpToDate } from '../domain/bring-up-to-date.ts';
import { MembershipNotFound } from '../domain/errors.ts';
import type { Account } from '../domain/journal.ts';
import type { App } from './app.ts';
import type { LotDate, MemberName, PageRequest } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';

/**
 * When a member's points expire, as of this instant, the soonest first. Positions are dates.
 *
 * @throws {MembershipNotFound}
 */
export async function listExpiries(
  app: App,
  query: MemberName & PageRequest<Instant>,
): Promise<Page<Expiry, Instant>> {
  return await listDates(app, { ...query, by: 'EXPIRY', datesOf: expiriesOf });
}

/**
 * When a member's pending points become available, as of this instant, the soonest first. Positions are dates.
 *
 * @throws {MembershipNotFound}
 */
export async function listMaturities(
  app: App,
  query: MemberName & PageRequest<Instant>,
): Promise<Page<DatedPoints, Instant>> {
  return await listDates(app, { ...query, by: 'MATURITY', datesOf: maturitiesOf });
}

async function listDates<Item extends DatedPoints>(
  { clock, reader }: App,
  query: MemberName & PageRequest<Instant> & { by: LotDate; datesOf: (account: Account) => Item[] },
): Promise<Page<Item, Instant>> {
  const { programId, userId, by, datesOf } = query;
  const now = clock();
  return await readPage(query, {
    async read({ limit, after = beginningOfTime }) {
      const dated = { programId, userId, by, after, limit };
      const account = await reader.accountByDate(dated, now);
      if (account === undefined) throw new MembershipNotFound();
      // Of dates behind the first `limit` there may be a part, but no page reaches them.
      const dates = datesOf(bringUpToDate(account, now));
      return dates.filter(({ time }) => time > after).slice(0, limit);
    },
    positionOf: ({ time }) => time,
  });
}
