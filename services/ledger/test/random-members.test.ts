// What members are told of their points is what their journals say. A thousand members live through random weeks; then all
// that can be read about them is read while much of it is due and not written. Once it is written, the journal has to say
// the same, as SQL reads it.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { patience } from '@loyalty/local/test-patience.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import type { Pool } from 'pg';
import type { App } from '../src/app/app.ts';
import type { DescribedEntry } from '../src/app/described-entry.ts';
import { getProgramSummary } from '../src/app/get-program-summary.ts';
import type { StatementPosition } from '../src/app/get-statement.ts';
import type { MemberName, PageRequest } from '../src/app/ledger-store.ts';
import type { Page } from '../src/app/page.ts';
import { createProgramSummaries, type ProgramSummary } from '../src/app/program-summaries.ts';
import { type Balance, balanceAt, type DatedPoints, type Expiry } from '../src/domain/balance.ts';
import { type Changes, type Entry, pointsOf } from '../src/domain/journal.ts';
import type { Period } from '../src/domain/period.ts';
import type { KindTotal, Statement } from '../src/domain/statement.ts';
import { type EntryRow, entryOf } from '../src/storage/entry-rows.ts';
import { createProgramTotalsReader } from '../src/storage/read-program-totals.ts';
import { startUseCases } from './commit-fixture.ts';
import { createLedgerClient } from './model/ledger-answer.ts';
import { randomPrograms } from './model/programs.ts';
import { createRandom, type Random } from './model/random.ts';
import { createCommandSource } from './model/random-commands.ts';
import { dayMs } from './moving-clock.ts';

const seed = Number(process.env['LOYALTY_SEED'] ?? 13);
const membersCount = 1_000;
const rounds = 10;
const start = Date.parse('2026-01-10T10:00:00Z');

type Ledger = Awaited<ReturnType<typeof startUseCases>>;

/** A statement with all of its entries, the newest first. */
interface Told extends Statement {
  readonly period: Period;
  readonly entries: readonly Entry[];
}

interface Member {
  readonly name: MemberName;
  readonly membershipId: bigint;
  readonly balance: Balance;
  readonly expiries: readonly Expiry[];
  readonly maturities: readonly DatedPoints[];
  readonly statements: readonly Told[];
}

let ledger: Ledger;
/** Without the settings by which the ledger's own sessions never read whole tables. */
let reporting: Pool;
let members: Member[];
let summaries: ProgramSummary[];
/** The entries of each member as SQL reads them, the oldest first. */
let journals: Map<bigint, Entry[]>;
let now: number;

beforeAll(async () => {
  const random = createRandom(seed);
  const users = Array.from({ length: membersCount }, (_, index) => `m${index}`);
  const programs = randomPrograms(users);
  const [first, ...others] = programs;
  if (first === undefined) throw new Error('there are no programs');
  ledger = await startUseCases(first, ...others);
  const logger = createLogger({ name: 'test', level: 'silent' });
  const url = ledger.databaseUrl;
  reporting = createPool({ url, max: 1, applicationName: 'test', logger });
  const names = users.map((userId, index) => ({
    programId: programs[index % programs.length]?.programId ?? '',
    userId,
  }));
  await live(names, random);
  const periods = somePeriods(random);
  members = await inTurns(names, (name) => tell(name, periods));
  const byId = new Map(programs.map((program) => [program.programId, program]));
  const catalog = { get: async (id: string) => byId.get(id) } as unknown as App['catalog'];
  const clock = () => now;
  const readTotals = createProgramTotalsReader(reporting);
  const app = { catalog, clock, summaries: createProgramSummaries({ clock, readTotals }) };
  summaries = await inTurns([...byId.keys()], async (programId) => [
    await getProgramSummary(app, { programId, startTime: start, endTime: now + 1 }),
  ]);
  while ((await ledger.bringDueUpToDate(500)) > 0);
  journals = await readJournals();
}, patience(120_000));
afterAll(async () => {
  await reporting.end();
  await ledger.stop();
}, patience(60_000));

/** Lets each member do something in each round, and stops at an instant at which much has become due. */
async function live(names: readonly MemberName[], random: Random): Promise<void> {
  const lives = names.map((name, index) => ({
    source: createCommandSource(createRandom(seed + index), name.userId),
    send: createLedgerClient(ledger, name),
  }));
  now = start;
  for (let round = 0; round < rounds; round += 1) {
    ledger.setClock(new Date(now));
    await Promise.all(
      lives.map(async ({ source, send }) => {
        const command = source.next(now);
        const { answer, balance } = await send(command);
        source.learn(command, answer, balance);
      }),
    );
    now += random.pick([1, 900_000, dayMs, 3 * dayMs, 3 * dayMs, 9 * dayMs]);
  }
  now += 3 * dayMs;
  ledger.setClock(new Date(now));
}

/** All time, and some that begin or end amid it all. */
function somePeriods(random: Random): Period[] {
  const middle = start + random.below(now - start);
  return [
    { startTime: start, endTime: now + 1 },
    { startTime: middle, endTime: now + dayMs },
    { startTime: start + 1, endTime: middle },
    { startTime: now + 1, endTime: now + dayMs },
  ];
}

async function tell(name: MemberName, periods: readonly Period[]): Promise<Member[]> {
  const account = await ledger.reader.account(name, now);
  if (account === undefined) return [];
  const [expiries, maturities, ...statements] = await Promise.all([
    allPages((page: PageRequest<number>) => ledger.listExpiries({ ...name, ...page })),
    allPages((page: PageRequest<number>) => ledger.listMaturities({ ...name, ...page })),
    ...periods.map((period) => wholeStatement(name, period)),
  ]);
  const { membershipId } = account.membership;
  const balance = balanceAt(account, now);
  return [{ name, membershipId, balance, expiries, maturities, statements }];
}

async function wholeStatement(name: MemberName, period: Period): Promise<Told> {
  let statement: Statement | undefined;
  const entries = await allPages(async (page: PageRequest<StatementPosition>) => {
    const told = await ledger.statement({ ...name, ...period, ...page });
    const { opening, closing, totals, due, past } = told;
    statement ??= { opening, closing, totals, due, past };
    expect({ opening, closing, totals }).toEqual({
      opening: statement.opening,
      closing: statement.closing,
      totals: statement.totals,
    });
    return { ...told.page, items: told.page.items.map(withoutDescription) };
  });
  if (statement === undefined) throw new Error('a statement has at least one page');
  return { ...statement, period, entries };
}

async function allPages<Item, Position>(
  read: (page: PageRequest<Position>) => Promise<Page<Item, Position>>,
): Promise<Item[]> {
  const items: Item[] = [];
  let after: Position | undefined;
  for (;;) {
    const page = await read({ limit: 10, after });
    items.push(...page.items);
    if (!page.hasMore) return items;
    after = page.positions.at(-1);
  }
}

/** As many at once as there are connections. */
async function inTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result[]>,
): Promise<Result[]> {
  const results: Result[][] = [];
  const left = items.entries();
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      for (const [index, item] of left) results[index] = await work(item);
    }),
  );
  return results.flat();
}

async function readJournals(): Promise<Map<bigint, Entry[]>> {
  const { rows } = await reporting.query<EntryRow & { membership_id: bigint }>(
    'SELECT * FROM entries ORDER BY membership_id, sequence',
  );
  const byMember = Map.groupBy(rows, (row) => row.membership_id);
  return new Map(Array.from(byMember, ([id, own]) => [id, own.map(entryOf)]));
}

/** What each member has in lots, from what entries moved: no lots are read. */
const lotsOfJournals = `WITH moved AS (
    SELECT membership_id, available_at, expires_at, class, points FROM allocations
    UNION ALL
    SELECT membership_id, earns.available_at, expires_at, lot_class, entries.available + pending
    FROM earns JOIN entries USING (membership_id, sequence)
  ), idle AS (
    SELECT membership_id, max(inactivity_expires_at) AS idle_at FROM entries GROUP BY 1
  ), lots AS (
    SELECT membership_id, available_at,
      CASE class WHEN 'INACTIVITY' THEN idle_at ELSE expires_at END AS expires_at, sum(points) AS points
    FROM moved JOIN idle USING (membership_id)
    GROUP BY membership_id, available_at, expires_at, class, idle_at
    HAVING sum(points) <> 0
  )`;

interface DateRow {
  readonly membership_id: bigint;
  readonly time: Date;
  readonly points: bigint;
  readonly pending: bigint;
}

async function datesBy(condition: string, date: string): Promise<Map<bigint, DateRow[]>> {
  const { rows } = await reporting.query<DateRow>(
    `${lotsOfJournals}
    SELECT membership_id, ${date} AS time, sum(points)::bigint AS points,
      coalesce(sum(points) FILTER (WHERE available_at > $1), 0)::bigint AS pending
    FROM lots WHERE isfinite(${date}) AND ${condition} AND $1::timestamptz IS NOT NULL
    GROUP BY 1, 2 ORDER BY 1, 2`,
    [new Date(now)],
  );
  return Map.groupBy(rows, (row) => row.membership_id);
}

function sumOf(entries: readonly Changes[]): Changes {
  const column = (name: keyof Changes) => entries.reduce((sum, entry) => sum + entry[name], 0n);
  return {
    available: column('available'),
    pending: column('pending'),
    reserved: column('reserved'),
    deficit: column('deficit'),
  };
}

/** What a statement should be, from the journal. */
function expectedOf(journal: readonly Entry[], period: Period) {
  const { startTime, endTime } = period;
  const before = journal.filter(({ createTime }) => createTime < startTime);
  const until = journal.filter(({ createTime }) => createTime < endTime);
  const entries = until.slice(before.length);
  const totals = Array.from(
    Map.groupBy(entries, ({ kind }) => kind),
    ([kind, own]): KindTotal => ({ kind, entries: BigInt(own.length), ...sumOf(own) }),
  );
  return { opening: sumOf(before), closing: sumOf(until), totals, entries: entries.toReversed() };
}

const byKind = (totals: readonly KindTotal[]) =>
  totals.toSorted((a, b) => (a.kind < b.kind ? -1 : 1));

describe(`of ${membersCount} random members`, () => {
  test('there are all kinds of entries, and much was due', () => {
    const kinds = new Set([...journals.values()].flat().map(({ kind }) => kind));
    expect(kinds.size).toBe(16);
    expect(members.length).toBeGreaterThan(membersCount * 0.95);
    const due = members.filter(({ statements }) => statements[0]?.due.length !== 0);
    expect(due.length).toBeGreaterThan(100);
  });

  test('the balance is the sum of the journal', () => {
    for (const { name, membershipId, balance } of members) {
      const { available, pending, reserved, deficit } = balance;
      const told = { available, pending, reserved, deficit };
      expect({ name, ...told }).toEqual({ name, ...sumOf(journals.get(membershipId) ?? []) });
    }
  });

  test('statements have the entries of the journal, and add up', () => {
    for (const { name, membershipId, statements } of members) {
      const journal = journals.get(membershipId) ?? [];
      for (const { period, opening, closing, totals, entries } of statements) {
        const told = { opening, closing, totals: byKind(totals), entries: entries.map(unmoved) };
        const expected = expectedOf(journal, period);
        expect({ name, period, ...told }).toEqual({
          name,
          period,
          ...expected,
          totals: byKind(expected.totals),
        });
        expect(closing).toEqual(sumOf([opening, ...entries]));
      }
    }
  });

  test('expiries are those of the points that the journal leaves', async () => {
    const expected = await datesBy('true', 'expires_at');
    for (const { name, membershipId, balance, expiries } of members) {
      const dates = (expected.get(membershipId) ?? []).map(({ time, points, pending }) => ({
        time: time.getTime(),
        points,
        pendingPoints: pending,
      }));
      expect({ name, expiries }).toEqual({ name, expiries: dates });
      expect(balance.nextExpiry?.time).toBe(dates[0]?.time);
    }
    expect(expected.size).toBeGreaterThan(100);
  });

  test('the summary of each program is what its members are told, and what the journal moved', () => {
    expect(summaries.length).toBeGreaterThan(1);
    for (const { programId, totals, expiring, expiringLater } of summaries) {
      const own = members.filter(({ name }) => name.programId === programId);
      const { available, pending, reserved, deficit, neverExpiring, moved } = totals;
      expect({ programId, available, pending, reserved, deficit }).toEqual({
        programId,
        ...sumOf(own.map(({ balance }) => balance)),
      });
      const dated = own.flatMap(({ expiries }) => expiries);
      const datedPoints = dated.reduce((sum, { points }) => sum + points, 0n);
      const byMonth = expiring.reduce((sum, { points }) => sum + points, expiringLater);
      expect(byMonth).toBe(datedPoints);
      expect(byMonth + neverExpiring).toBe(available + pending);
      const entries = own.flatMap(({ membershipId }) => journals.get(membershipId) ?? []);
      for (const [kind, points] of Object.entries(moved)) {
        const ofKind = entries.filter((entry) => entry.kind === kind);
        const sum = ofKind.reduce((total, entry) => total + pointsOf(entry), 0n);
        expect({ kind, points }).toEqual({ kind, points: sum });
      }
    }
  });

  test('maturities are those of the points that the journal leaves', async () => {
    const matures = 'available_at > $1 AND available_at < expires_at';
    const expected = await datesBy(matures, 'available_at');
    for (const { name, membershipId, balance, maturities } of members) {
      const dates = (expected.get(membershipId) ?? []).map(({ time, points }) => ({
        time: time.getTime(),
        points,
      }));
      expect({ name, maturities }).toEqual({ name, maturities: dates });
      expect(balance.nextMaturity).toEqual(dates[0]);
    }
    expect(expected.size).toBeGreaterThan(50);
  });
});

/** What an entry is about isn't in the journal. */
function withoutDescription({
  purchase: _purchase,
  rules: _rules,
  refundExtent: _refundExtent,
  reward: _reward,
  ...entry
}: DescribedEntry): Entry {
  return entry;
}

/** Which lots an entry moved is not read with it. */
function unmoved(entry: Entry): Entry {
  return { ...entry, allocations: [] };
}
