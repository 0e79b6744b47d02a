import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pretendRestored } from '@loyalty/local/table-statistics.ts';
import { createTestDatabase, execute, type TestDatabase } from '@loyalty/local/test-environment.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import pg from 'pg';
import { applicationSession } from '../src/storage/application-session.ts';
import { aboveAllIds } from '../src/storage/column-values.ts';
import { startUseCases } from './commit-fixture.ts';
import { doEverything, type Ledger, now, program } from './everything.ts';
import { fillLedger, large, small } from './large-ledger.ts';
import { type Indexes, offencesOf, outlineOf, type PlanNode, readIndexes } from './query-plan.ts';
import { namesInSource, recordStatements, type Statement, titleOf } from './recorded-statements.ts';

/** Read on purpose, as far as they go. */
const accepted: ReadonlyMap<string, string> = new Map([
  // The oldest rows, past those that are being published at the moment.
  ['outbox-lease', 'Index Scan of all of outbox_pkey'],
]);

let ledger: Ledger;
let statements: Statement[];
let other: TestDatabase;
let indexes: Indexes;
/** The plan of each statement in each state of the database, by title. */
const plans = new Map<State, Map<string, PlanNode>>();
const known = new Map<State, Knowledge>();

/** What PostgreSQL knows of a database, or believes. */
const states = [
  'that was just migrated',
  'that was analyzed while it was empty',
  'that was analyzed while it was small',
  'of a million earns that was never analyzed',
  'of a million earns that was restored from a dump',
  'of a million earns that was analyzed',
] as const;
type State = (typeof states)[number];

beforeAll(async () => {
  other = await createTestDatabase('ledger');
  ledger = await startUseCases(program);
  await fillLedger(ledger.databaseUrl, large);
  statements = await recordStatements(() => doEverything(ledger));
  indexes = await readIndexes(ledger.pool);

  await planIn('that was just migrated', other.url);
  await execute(other.url, 'VACUUM ANALYZE');
  await planIn('that was analyzed while it was empty', other.url);
  await fillLedger(other.url, small);
  await execute(other.url, 'ANALYZE');
  await planIn('that was analyzed while it was small', other.url);
  await planIn('of a million earns that was never analyzed', ledger.databaseUrl);
  await pretendRestored(ledger.databaseUrl);
  await planIn('of a million earns that was restored from a dump', ledger.databaseUrl);
  await execute(ledger.databaseUrl, 'ANALYZE');
  await planIn('of a million earns that was analyzed', ledger.databaseUrl);
}, patience(300_000));
afterAll(async () => {
  await ledger.stop({ derived: false });
  await other.drop();
}, patience(120_000));

/** Plans all statements as the service's own sessions do: for any values. */
async function planIn(state: State, url: string): Promise<void> {
  const planned = new Map<string, PlanNode>();
  await withSession(url, async (session) => {
    for (const statement of statements) {
      const { rows } = await session.query(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${statement.text}`);
      planned.set(titleOf(statement), rows[0]['QUERY PLAN'][0].Plan);
    }
  });
  known.set(state, await readKnowledge(url));
  plans.set(state, planned);
}

/** What PostgreSQL believes of the table of earns. */
interface Knowledge {
  /** Its rows; negative for no idea. */
  readonly rows: number;
  /** Of how many of its columns there are statistics. */
  readonly columns: number;
}

async function readKnowledge(url: string): Promise<Knowledge> {
  const owner = new pg.Client(url);
  await owner.connect();
  const { rows } = await owner.query(
    `SELECT reltuples AS rows,
       (SELECT count(*)::integer FROM pg_stats WHERE tablename = 'earns') AS columns
     FROM pg_class WHERE relname = 'earns'`,
  );
  await owner.end();
  return rows[0];
}

const logger = createLogger({ name: 'test', level: 'silent' });

async function withSession<Result>(
  url: string,
  work: (session: pg.Pool) => Promise<Result>,
): Promise<Result> {
  const session = createPool({
    url: applicationSession(url),
    max: 1,
    applicationName: 'test',
    logger,
  });
  try {
    return await work(session);
  } finally {
    await session.end();
  }
}

test('every statement that the ledger can send is among those that are looked at', async () => {
  const named = statements.flatMap(({ name }) => name ?? []);
  expect(new Set(named)).toEqual(await namesInSource());
  // Those without a name are written by knex.
  const tables = statements.flatMap(({ name, text }) =>
    name === undefined ? (/dead_letters|program_snapshots|outbox/.exec(text)?.[0] ?? text) : [],
  );
  expect(new Set(tables)).toEqual(new Set(['dead_letters', 'program_snapshots', 'outbox']));
});

test('the sessions of the service plan once, for any values', async () => {
  const { rows } = await ledger.pool.query('SHOW plan_cache_mode');
  expect(rows).toEqual([{ plan_cache_mode: 'force_generic_plan' }]);
});

test('PostgreSQL knows no more of the databases than it should', () => {
  const amount = (rows: number) => {
    if (rows < 0) return 'unknown';
    return rows < 1_000_000 ? rows : 'a million';
  };
  const found = Array.from(known.values(), ({ rows, columns }) => [amount(rows), columns > 0]);
  expect(found).toEqual([
    ['unknown', false],
    [0, false],
    [140, true],
    ['unknown', false],
    ['a million', false],
    ['a million', true],
  ]);
});

test.each(states)(
  'no statement reads a whole table when it is planned on a database %s',
  (state) => {
    const offences = new Map<string, string>();
    for (const [title, plan] of plans.get(state) ?? []) {
      const found = offencesOf(plan, indexes);
      if (found.length > 0) offences.set(title, found.join(', '));
    }
    expect(offences).toEqual(accepted);
  },
);

test.each(states.slice(1))('every statement has the same plan on a database %s', (state) => {
  const outlines = (of: State) =>
    Array.from(plans.get(of) ?? [], ([title, plan]) => `${title}: ${outlineOf(plan)}`);
  expect(outlines(state)).toEqual(outlines('that was just migrated'));
});

describe('a plan is found to read a whole table', () => {
  const bySettings = '-c enable_seqscan=off -c enable_bitmapscan=off';
  test.each([
    ['that does', '', 'SELECT * FROM earns', 'Seq Scan earns'],
    [
      'to look rows up in what it made of it',
      '',
      'SELECT * FROM unnest($1::bigint[]) AS membership_id JOIN memberships USING (membership_id)',
      /^Hash Join, (Seq Scan memberships, Hash|Hash, Seq Scan memberships)$/,
    ],
    [
      'by its index',
      bySettings,
      'SELECT * FROM earns ORDER BY program_id',
      'Index Scan of all of earns_pkey',
    ],
    [
      'by a later column of its index',
      bySettings,
      'SELECT * FROM earns WHERE transaction_id = $1',
      'Index Scan of all of earns_pkey',
    ],
    [
      'in search of the few that it wants',
      bySettings,
      'SELECT * FROM outbox WHERE batch = $1 ORDER BY id LIMIT 1',
      'Index Scan of all of outbox_pkey',
    ],
    [
      'again for each row of another',
      bySettings,
      'SELECT * FROM lots, LATERAL (SELECT remaining, id FROM outbox ORDER BY id OFFSET 0) AS each LIMIT 1',
      /of all of outbox_pkey/,
    ],
    [
      'to compare each row of it',
      `${bySettings} -c enable_hashjoin=off -c enable_mergejoin=off`,
      'SELECT * FROM unnest($1::int[]) AS points JOIN lots ON lots.membership_id = 1 AND remaining <> points',
      /Nested Loop compares/,
    ],
  ])('%s', async (_, options, text, offence) => {
    const url = new URL(other.url);
    url.searchParams.set('options', options);
    const session = new pg.Client(url.href);
    await session.connect();
    const { rows } = await session.query(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`);
    await session.end();
    expect(offencesOf(rows[0]['QUERY PLAN'][0].Plan, indexes).join(', ')).toMatch(offence);
  });
});

/** The lengths of the arrays among a statement's parameters. */
function lengthsOf(values: readonly unknown[]): number[] {
  return values.filter((value) => Array.isArray(value)).map(({ length }) => length);
}

describe('with 100,000 members and a million earns', () => {
  const asked = new Date(now).toISOString();
  const ever = ['-infinity', 'infinity'];

  /** How many pages a statement looks at. */
  async function pagesRead(name: string, values: unknown[]): Promise<number> {
    const statement = statements.find((each) => each.name === name);
    if (statement === undefined) throw new Error(`the ledger never sent ${name}`);
    return pagesOf(await run(ledger.pool, { ...statement, values }));
  }

  test('what only reads looks at a few pages for each row', async () => {
    const reading = statements.filter(({ text }) => !/\b(INSERT|UPDATE|DELETE)\b/i.test(text));
    expect(reading.length).toBeGreaterThan(20);
    const wasteful: string[] = [];
    for (const statement of reading) {
      if (accepted.has(titleOf(statement)) || countsInIndex(statement)) continue;
      // The first time in a session, a sequence is looked up in the catalog as well.
      await run(ledger.pool, statement);
      const plan = await run(ledger.pool, statement);
      const asks = Math.max(1, ...lengthsOf(statement.values));
      const perRow = pagesOf(plan) / Math.max(asks, plan['Actual Rows'] ?? 0);
      if (perRow > pagesPerRowMax)
        wasteful.push(
          `${titleOf(statement)} reads ${perRow} pages for each row that it returns, instead of at most ${pagesPerRowMax}`,
        );
    }
    expect(wasteful).toEqual([]);
  });

  test('a balance reads as few lots of who has come daily for ten years as of who came five times', async () => {
    const lots = async (userId: string) =>
      (await ledger.reader.account({ programId: 'wine-dine', userId }, now))?.lots;
    expect(await lots('user-3')).toHaveLength(1);
    expect(await lots('user-2')).toHaveLength(1);
  });

  test.each([
    ['read_accounts', [asked, ['wine-dine'], ['user-1']], [asked, ['wine-dine'], ['user-2']]],
    ['read_entries', [1n, null, ...ever, 5], [2n, null, ...ever, 5]],
    [
      'read_entries_of_kinds',
      [1n, null, ...ever, 5, ['JOINED']],
      [2n, null, ...ever, 5, ['JOINED']],
    ],
    ['read_earns_of_membership', [1n, aboveAllIds, 5], [2n, aboveAllIds, 5]],
  ])('%s costs the same after 50,000 earns as after 5', async (name, many, few) => {
    const pagesOfFew = await pagesRead(name, few);
    expect(await pagesRead(name, many)).toBeLessThanOrEqual(pagesOfFew + 5);
  });

  test.each([
    ['a rare attribute', ['ACTIVE', 'SUSPENDED', 'LEFT'], 'platinum'],
    ['a common attribute and a rare state', ['SUSPENDED'], 'gold'],
  ])('members with %s and a join time are found without the others', async (_, states, tier) => {
    const limit = 51;
    const joined = [...ever, '-infinity', '', limit];
    const values = [asked, 'wine-dine', ...joined, states, 'tier', tier, ''];
    const pages = await pagesRead('read_accounts_by_attribute_and_join_time', values);
    expect(pages).toBeLessThan(10 * limit);
  });

  test('a statement of the last minute passes over the 50,000 entries before it', async () => {
    const lastMinute = ['2026-01-31T23:59:00Z', 'infinity'];
    expect(await pagesRead('read_changes_since', [1n, null, ...lastMinute])).toBeLessThan(100);
  });

  test.each([
    ['read_entries', []],
    ['read_entries_of_kinds', [['JOINED', 'EARN']]],
  ])('%s finds an old time among 50,000 entries in a few steps', async (name, kinds) => {
    const oldTimes = ['2026-01-02Z', '2026-01-26T10:00:00Z'];
    const pages = await pagesRead(name, [1n, null, ...oldTimes, 5, ...kinds]);
    // There and back, 16 steps each.
    expect(pages).toBeLessThan(200);
  });
});

const pagesPerRowMax = 10;

/** Counts all dead letters that nobody has decided about: seldom, and in an index. */
function countsInIndex({ text }: Statement): boolean {
  return text.includes('count(reason') && text.includes('dead_letters');
}

/** Runs a statement as the service would, and undoes it. */
async function run(pool: pg.Pool, { text, values }: Pick<Statement, 'text' | 'values'>) {
  const session = await pool.connect();
  try {
    await session.query('BEGIN');
    const { rows } = await session.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values);
    return rows[0]['QUERY PLAN'][0].Plan as PlanNode;
  } finally {
    await session.query('ROLLBACK');
    session.release();
  }
}

function pagesOf(plan: PlanNode): number {
  return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
}
