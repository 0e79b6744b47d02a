import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { lease } from '@loyalty/platform/outbox/leases.ts';
import { createKnex } from '@loyalty/platform/postgres/knex.ts';
import { withRole } from '@loyalty/platform/postgres/role.ts';
import { MemberLimit_Period } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { Cap_Period } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import pg from 'pg';
import { applicationRole } from '../src/storage/application-role.ts';
import { createDeadLetters } from '../src/storage/dead-letters.ts';
import { createProgramSnapshots } from '../src/storage/program-snapshots.ts';
import {
  aProgram,
  aPurchase,
  aRedemption,
  aRuleSet,
  cause,
  goldTier,
  rewards,
  startUseCases,
} from './commit-fixture.ts';
import { fillLedger } from './large-ledger.ts';

const program = aProgram({
  ruleSets: [
    aRuleSet({
      earnRules: [
        {
          ruleId: 'base',
          award: {
            case: 'rate',
            value: { points: 5n, per: { currencyCode: 'USD', minorUnits: 10_000n }, mode: 1 },
          },
          cap: { points: 1_000_000n, period: Cap_Period.LIFETIME },
        },
      ],
    }),
  ],
  rewards: rewards({
    programId: 'wine-dine',
    rewardId: 'glass',
    displayName: 'A glass',
    price: { case: 'fixed', value: { points: 1n } },
    stock: { limit: 1_000n },
    memberLimit: { count: 100, period: MemberLimit_Period.MONTH },
  }),
});

let ledger: Awaited<ReturnType<typeof startUseCases>>;
let owner: pg.Client;
/** What the ledger asked of the database, each statement once for each number of rows that it was about. */
let statements: Statement[];

interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

beforeAll(async () => {
  ledger = await startUseCases(program);
  await fillLedger(ledger.databaseUrl);
  statements = await recordStatements(async () => {
    await useEverything();
    await commitManyAtOnce();
    await readEverything();
    await workInTheBackground();
  });
  owner = new pg.Client(ledger.databaseUrl);
  await owner.connect();
}, 120_000);
afterAll(async () => {
  await owner.end();
  await ledger.stop();
}, 60_000);

/** Listens to what goes to the database, so that no statement is written down here that the ledger doesn't send. */
async function recordStatements(work: () => Promise<void>): Promise<Statement[]> {
  const sent = new Map<string, Statement>();
  const query = jest.spyOn(pg.Client.prototype, 'query');
  await work();
  for (const [statement, parameters] of query.mock.calls as unknown as Sent[]) {
    const {
      text,
      name = text,
      values = [],
    } = typeof statement === 'string'
      ? { text: statement, values: Array.isArray(parameters) ? parameters : [] }
      : statement;
    if (!/^\s*(select|with|insert|update|delete)\b/i.test(text)) continue;
    const rows = Array.isArray(values[0]) ? values[0].length : 0;
    sent.set(`${name} ${rows}`, { name: name.replace(/\s+/g, ' '), text, values });
  }
  query.mockRestore();
  return [...sent.values()];
}

type Sent = [statement: string | pg.QueryConfig, parameters?: unknown];

const alice = { programId: 'wine-dine', userId: 'user-4711' };
const membershipId = 4711n;
const all = { kind: 'ALL' } as const;
const now = Date.parse('2026-04-01T12:00:00Z');
const firstPage = { limit: 50, after: undefined };

async function useEverything(): Promise<void> {
  const purchase = aPurchase({ ...alice, minorUnits: 100_000n });
  const { transactionId } = purchase.transaction;
  const refund = { programId: 'wine-dine', refundId: 'refund', extent: { kind: 'FULL' as const } };
  await ledger.join({ ...alice, userId: 'newcomer', attributes: {}, byMember: false }, cause);
  await ledger.earn(purchase, cause);
  await ledger.reverseEarn({ ...refund, transactionId }, cause);
  await ledger.reverseEarn({ ...refund, transactionId: 'not-yet' }, cause);
  await ledger.cancelRefund({ ...refund, transactionId: 'not-yet' });
  const awaited = aPurchase({ ...alice, transactionId: 'awaited-10', minorUnits: 100n });
  await ledger.earn(awaited, cause);
  const glass = { ...alice, rewardId: 'glass' };
  const { redemption } = await ledger.redeem(aRedemption(glass), cause);
  const { redemptionId } = redemption;
  await ledger.reverse({ ...alice, redemptionId, idempotencyKey: 'key-1', part: all }, cause);
  for (const end of [ledger.capture, ledger.cancel]) {
    const hold = await ledger.redeem(aRedemption({ ...glass, capture: 'HOLD' }), cause);
    const held = { ...alice, redemptionId: hold.redemption.redemptionId };
    await end({ ...held, part: all, byMember: false }, cause);
  }
  await ledger.adjust(
    { ...alice, idempotencyKey: 'key-2', points: 5n, reason: 'a gift', allowDeficit: false },
    cause,
  );
  await ledger.update({ ...alice, attributes: goldTier, etags: [] }, cause);
  await ledger.suspend(alice, cause);
  await ledger.resume(alice, cause);
  await ledger.leave({ ...alice, byMember: true }, cause);
}

/** As many in a transaction as there may be. */
async function commitManyAtOnce(): Promise<void> {
  const members = Array.from({ length: 500 }, (_, index) => `user-${10_000 + 173 * index}`);
  await Promise.all(
    members.map((userId) => ledger.earn(aPurchase({ userId, minorUnits: 10_000n }), cause)),
  );
  await Promise.all(
    members.map((userId) => ledger.redeem(aRedemption({ userId, capture: 'HOLD' }), cause)),
  );
}

async function readEverything(): Promise<void> {
  const { reader } = ledger;
  await reader.membershipId(alice);
  await reader.account(alice, now);
  // One whose hold has ended.
  const holder = { programId: 'wine-dine', userId: 'user-100' };
  await reader.account(holder, Date.parse('2029-06-01'));
  await reader.accountsOfUser({
    userId: alice.userId,
    programs: undefined,
    now,
    ...firstPage,
    after: undefined,
  });
  await reader.accountsOfProgram({ programId: 'wine-dine', now, ...firstPage });
  await reader.earn({ programId: 'wine-dine', transactionId: '4711-1' });
  await reader.earns({ membershipId, ...firstPage });
  await reader.refundsOf({ programId: 'wine-dine', transactionId: 'awaited-1' });
  await reader.waitingRefunds({ programId: 'wine-dine', ...firstPage });
  const journal = { membershipId, kinds: [], startTime: undefined, endTime: undefined };
  await reader.entries({ ...journal, ...firstPage });
  await reader.entries({ ...journal, kinds: ['CAPTURE', 'EARN'], ...firstPage });
  await reader.redemption({ ...alice, redemptionId: 'spent-4711' });
  await reader.redemptions({ membershipId, ...firstPage });
  await reader.openHolds({ programId: 'wine-dine', now: Date.now(), ...firstPage });
  await ledger.quote({ ...alice, rewardId: 'glass', quantity: 1, byMember: false });
}

async function workInTheBackground(): Promise<void> {
  // At a time when somebody's points have expired.
  ledger.setClock(new Date('2030-01-01T12:00:00Z'));
  await ledger.settleDue(10);
  await lease(ledger.pool, { limit: 16, leaseMs: 30_000 });
  const url = withRole(ledger.databaseUrl, applicationRole);
  const knex = createKnex({ url, max: 1, applicationName: 'test' });
  const deadLetters = createDeadLetters(knex);
  const [letter] = await deadLetters.takeDue({ limit: 1, leaseMs: 1, now: Date.now() + 60_000 });
  await deadLetters.remove([letter?.deadLetterId ?? 0n]);
  await deadLetters.ofTransaction({ programId: 'wine-dine', transactionId: 'dead-1' });
  await deadLetters.list({ programs: undefined, state: undefined, ...firstPage });
  await createProgramSnapshots(knex).find('program-1');
  await knex.destroy();
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Total Cost': number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}

async function explain(options: string, { text, values }: Statement): Promise<PlanNode> {
  const { rows } = await owner.query({
    text: `EXPLAIN (FORMAT JSON, ${options}) ${text}`,
    ...(options !== genericPlan && { values }),
  });
  return rows[0]['QUERY PLAN'][0].Plan;
}

const asked = new Date(now).toISOString();
const ever = ['-infinity', 'infinity'];
const genericPlan = 'GENERIC_PLAN';

/**
 * How PostgreSQL may run a prepared statement: as planned for the values that were sent, or as planned for any values,
 * unless that is dearer than planning anew each time.
 */
async function plansOf(statement: Statement): Promise<PlanNode[]> {
  const custom = await explain('COSTS', statement);
  const generic = await explain(genericPlan, statement);
  const tables = nodesOf(custom).filter((node) => node['Relation Name'] !== undefined).length;
  // What PostgreSQL reckons for planning, with its default settings.
  const planningCost = 2.5 * (tables + 1);
  return generic['Total Cost'] > custom['Total Cost'] + planningCost ? [custom] : [custom, generic];
}

/** How many pages a statement looks at. */
async function pagesRead(name: string, values: unknown[]): Promise<number> {
  const plan = await explain('ANALYZE, BUFFERS', { ...named(name), values });
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
}

function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

function named(name: string): Statement {
  const statement = statements.find((each) => each.name === name);
  if (statement === undefined) throw new Error(`the ledger never sent ${name}`);
  return statement;
}

/** Some that have to be among those that were listened to. */
const hotStatements = [
  ...['lock_memberships', 'read_lots', 'read_holds', 'read_earns', 'read_cap_usage'],
  ...['update_points', 'upsert_lots', 'insert_entries', 'insert_earns', 'insert_outbox'],
  ...['read_redemptions', 'lock_reward_stock', 'read_reward_usage', 'update_redemptions'],
  ...['lock_awaited', 'read_refunds', 'read_lapses', 'read_requests', 'delete_lots'],
  ...['read_account', 'read_ended_holds', 'read_entries', 'read_earns_of_membership'],
  ...['read_waiting_refunds', 'read_due_memberships', 'read_accounts_of_program'],
  'read_open_holds',
];

describe('at 100,000 members', () => {
  test('no statement reads a whole table', async () => {
    expect(statements.map(({ name }) => name)).toEqual(expect.arrayContaining(hotStatements));
    const scans: string[] = [];
    for (const statement of statements) {
      for (const node of (await plansOf(statement)).flatMap(nodesOf)) {
        if (node['Node Type'] !== 'Seq Scan') continue;
        scans.push(`${statement.name} reads all of ${node['Relation Name']}`);
      }
    }
    expect(scans).toEqual([]);
  });

  test('a balance is answered from indexes alone', async () => {
    const plan = await explain(genericPlan, named('read_account'));
    const scans = nodesOf(plan).filter((node) => node['Relation Name'] !== undefined);
    expect(new Set(scans.map((node) => node['Relation Name']))).toEqual(
      new Set(['lots', 'member_ids', 'memberships']),
    );
    for (const scan of scans) expect(scan['Node Type']).toMatch(/^Index (Only )?Scan$/);
  });

  test('a balance reads as few lots of who has come daily for ten years as of who came five times', async () => {
    const lots = async (userId: string) =>
      (await ledger.reader.account({ programId: 'wine-dine', userId }, now))?.lots;
    expect(await lots('user-3')).toHaveLength(1);
    expect(await lots('user-2')).toHaveLength(1);
  });

  test.each([
    ['read_account', [asked, 'wine-dine', 'user-1'], [asked, 'wine-dine', 'user-2']],
    ['read_entries', [1n, null, ...ever, 5], [2n, null, ...ever, 5]],
    [
      'read_entries_of_kinds',
      [1n, null, ...ever, 5, ['JOINED']],
      [2n, null, ...ever, 5, ['JOINED']],
    ],
    ['read_earns_of_membership', [1n, null, 5], [2n, null, 5]],
  ])('%s costs the same after 50,000 earns as after 5', async (name, many, few) => {
    const pagesOfFew = await pagesRead(name, few);
    expect(await pagesRead(name, many)).toBeLessThanOrEqual(pagesOfFew + 5);
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
