// Whatever is falsified of an earn or a refund, deriving it again names it.

import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execute } from '@loyalty/local/test-environment.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import {
  RateAward_Mode as Mode,
  Cap_Period as Period,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import type { RefundPart } from '@loyalty/rules/remaining-purchase.ts';
import type { Difference } from '../src/replay/history.ts';
import { replayLedger } from '../src/replay/replay-ledger.ts';
import { aProgram, aRuleSet, author, startUseCases } from './commit-fixture.ts';

const perDollar = { points: 1n, per: { currencyCode: 'USD', minorUnits: 100n }, mode: Mode.STEP };
const program = aProgram({
  ruleSets: [
    aRuleSet({
      earnRules: [
        {
          ruleId: 'base',
          award: { case: 'rate', value: perDollar },
          cap: { points: 200n, period: Period.MONTH },
        },
        {
          ruleId: 'gold',
          award: { case: 'multiplier', value: { factor: '2' } },
          condition: "'tier' in member.attributes && member.attributes['tier'] == 'gold'",
        },
        {
          ruleId: 'loyal',
          award: { case: 'fixed', value: { points: 5n } },
          condition: 'member.lifetime_earned >= 50',
        },
      ],
      cap: { points: 500n, period: Period.LIFETIME },
      expiry: { policy: { case: 'inactivity', value: { months: 12 } } },
    }),
  ],
});

const march = new Date('2026-03-10T12:00:00Z');
const usd = (cents: number) => ({ currencyCode: 'USD', minorUnits: BigInt(cents) });

function purchase(transactionId: string, cents: number) {
  return create(TransactionSchema, {
    transactionId,
    occurTime: timestampFromDate(march),
    amount: usd(cents),
    items: [
      { itemId: 'wine', quantity: 2, amount: usd(2_000) },
      { itemId: 'cheese', quantity: 1, amount: usd(1_000) },
    ],
  });
}

/** What is falsified, as its owner could, of a member whose purchases begin with their id; and what is named. */
interface Falsification {
  readonly of: string;
  readonly sql: (user: string) => string;
  readonly named: readonly string[];
  /** Whether later earns and refunds follow from it, which are named after it. */
  readonly followed?: true;
}

const earn = (id: string, set: string) => (user: string) =>
  `UPDATE earns SET ${set} WHERE transaction_id = '${user}-${id}'`;
const refund = (id: string, set: string) => (user: string) =>
  `UPDATE refunds SET ${set} WHERE transaction_id LIKE '${user}-%' AND refund_id = '${id}'`;
const entry = (kind: string, set: string) => (user: string) =>
  `UPDATE entries SET ${set} WHERE kind = '${kind}'
   AND membership_id = (SELECT membership_id FROM member_ids WHERE user_id = '${user}')`;
const hex = (bytes: Uint8Array) => `'\\x${Buffer.from(bytes).toString('hex')}'`;

const falsifications: readonly Falsification[] = [
  {
    of: 'points',
    sql: earn('a', 'points = points + 1'),
    named: ['earn a: points'],
    followed: true,
  },
  {
    of: 'points that were taken back',
    sql: earn('a', 'reversed_points = reversed_points + 1'),
    named: ['earn a: points left'],
  },
  { of: 'state', sql: earn('b', "state = 'REVERSED'"), named: ['earn b: state'] },
  {
    of: 'explanation',
    sql: earn('b', `explanation = jsonb_set(explanation, '{0,1}', '"41"')`),
    named: ['earn b: explanation'],
  },
  {
    of: 'note of an explanation',
    sql: earn('b', `explanation = jsonb_set(explanation, '{0,2}', '"9 × 1.00 USD"')`),
    named: ['earn b: explanation'],
  },
  {
    of: 'what was known of lifetime points',
    sql: earn('b', `facts = jsonb_set(facts, '{lifetimeEarned}', '"7"')`),
    named: ['earn b: facts'],
  },
  {
    of: 'what was known of attributes',
    sql: earn('b', `facts = jsonb_set(facts, '{attributes}', '{}')`),
    named: ['earn b: facts'],
  },
  {
    of: 'what was known of caps',
    sql: earn('b', `facts = jsonb_set(facts, '{capUsed,base}', '"7"')`),
    named: ['earn b: facts'],
  },
  { of: 'all facts', sql: earn('b', 'facts = NULL'), named: ['earn b: facts'] },
  {
    of: 'the version',
    sql: earn('b', 'rule_set_version = 2'),
    named: ['earn b: version'],
    followed: true,
  },
  {
    of: 'the purchase',
    sql: (user) =>
      earn(
        'b',
        `transaction = ${hex(toBinary(TransactionSchema, purchase(`${user}-b`, 9_900)))}`,
      )(user),
    named: ['earn b: purchase', 'earn b: points'],
    followed: true,
  },
  {
    of: 'purchase, which is cut off',
    sql: earn('b', 'transaction = substring(transaction FROM 1 FOR 10)'),
    named: ['earn b: purchase'],
    followed: true,
  },
  {
    of: 'purchase, whose time no clock has',
    sql: (user) => {
      const occurTime = { ...timestampFromDate(march), seconds: 10n ** 17n };
      const bytes = toBinary(TransactionSchema, { ...purchase(`${user}-b`, 4_000), occurTime });
      return earn('b', `transaction = ${hex(bytes)}`)(user);
    },
    named: ['earn b: content'],
    followed: true,
  },
  {
    of: 'explanation, which has no lines',
    sql: earn('b', `explanation = '{}'`),
    named: ['earn b: purchase'],
    followed: true,
  },
  {
    of: 'number among cap counts',
    sql: earn('b', `cap_counts = '{"base": "many"}'`),
    named: ['earn b: purchase'],
    followed: true,
  },
  {
    of: 'kind of extent',
    sql: refund('r1', `extent = '{"kind": "HALF"}'`),
    named: ['refund r1 of a: extent'],
    followed: true,
  },
  {
    of: 'amount of an extent',
    sql: refund('r2', `extent = jsonb_set(extent, '{minor_units}', '"much"')`),
    named: ['refund r2 of a: refund'],
    followed: true,
  },
  {
    of: 'engine, to one that is not yet there',
    sql: earn('b', 'semantics = 9, points = points + 1'),
    named: ['earn b: semantics', 'earn b: points'],
    followed: true,
  },
  {
    of: 'engine, to one before the first',
    sql: earn('b', 'semantics = 0'),
    named: ['earn b: semantics'],
  },
  {
    of: 'the fingerprint',
    sql: earn('b', "fingerprint = '\\x01ff'"),
    named: ['earn b: purchase'],
  },
  {
    of: 'the lot',
    sql: earn('b', "lot_class = 'NORMAL'"),
    named: ['earn b: lot'],
  },
  {
    of: 'the time',
    sql: earn('b', "post_time = post_time + interval '1 hour'"),
    named: ['earn b: time'],
  },
  { of: 'the entry', sql: earn('b', 'sequence = 1'), named: ['earn b: entry'] },
  {
    of: 'what it counts of caps',
    sql: earn('b', `cap_counts = jsonb_set(cap_counts, '{base}', '"1"')`),
    named: ['earn b: cap counts'],
  },
  {
    of: 'the points of a refund',
    sql: refund('r1', 'points = points + 1, taken = taken + 1'),
    named: ['refund r1 of a: points'],
    followed: true,
  },
  {
    of: 'the extent of a refund',
    sql: refund('r1', `extent = '{"kind": "FULL"}'`),
    named: ['refund r1 of a: extent', 'refund r1 of a: points'],
    followed: true,
  },
  {
    of: 'the state of a refund',
    sql: refund('r1', "state = 'REJECTED'"),
    named: ['refund r1 of a: state'],
    followed: true,
  },
  {
    of: 'the state of an applied refund',
    sql: refund('r1', "state = 'CANCELLED'"),
    named: ['refund r1 of a: state'],
  },
  {
    of: 'the state of a rejected refund',
    sql: refund('r4', "state = 'APPLIED'"),
    named: ['refund r4 of c: state'],
  },
  {
    of: 'the order of refunds',
    sql: refund('r1', 'arrival = 9'),
    named: ['refund r2 of a: arrival'],
  },
  {
    of: 'the attributes in the journal',
    sql: entry('UPDATED', `attributes_after = '{"tier": "lead"}'`),
    named: ['earn b: points', 'earn b: explanation', 'earn b: facts'],
    followed: true,
  },
  {
    of: 'the date of inactivity in the journal',
    sql: entry('EARN', "inactivity_expires_at = inactivity_expires_at + interval '1 day'"),
    named: ['earn a: date of inactivity'],
  },
  {
    of: 'the usage of a cap',
    sql: (user) => `UPDATE cap_usage SET points = points - 1 WHERE rule_id = 'base'
      AND membership_id = (SELECT membership_id FROM member_ids WHERE user_id = '${user}')`,
    named: ['cap of base per MONTH since 2026-03-01T00:00:00.000Z: points'],
  },
  {
    of: "the usage of the rule set's cap",
    sql: (user) => `DELETE FROM cap_usage WHERE rule_id = ''
      AND membership_id = (SELECT membership_id FROM member_ids WHERE user_id = '${user}')`,
    named: ['cap of the rule set per LIFETIME: points'],
  },
];

let ledger: Awaited<ReturnType<typeof startUseCases>>;
const differences: Difference[] = [];
const honest = 'honest';
const userOf = (index: number) => `user${index}x`;

/** Purchases and refunds of every kind. */
async function live(userId: string): Promise<void> {
  const member = { programId: program.programId, userId };
  const bought = (id: string, cents: number) =>
    ledger.earn({ ...member, purchase: purchase(`${userId}-${id}`, cents) }, author);
  const back = (id: string, refundId: string, extent: RefundPart) =>
    ledger.reverseEarn(
      { programId: program.programId, transactionId: `${userId}-${id}`, refundId, extent },
      author,
    );
  const units = (itemId: string, quantity: number): RefundPart => ({
    kind: 'ITEMS',
    items: [{ itemId, quantity }],
  });
  await ledger.join({ ...member, attributes: {}, byMember: false }, author);
  await bought('a', 6_000);
  const attributes = { kind: 'MERGE', set: { tier: 'gold' }, removed: [] } as const;
  await ledger.update({ ...member, attributes, etags: [] }, author);
  await bought('b', 4_000);
  await back('a', 'r1', units('wine', 1));
  await back('a', 'r2', { kind: 'AMOUNT', amount: usd(2_500) });
  await back('c', 'r3', units('cheese', 1));
  await back('c', 'r4', units('cheese', 1));
  await bought('c', 8_000);
}

beforeAll(async () => {
  ledger = await startUseCases(program);
  ledger.setClock(march);
  const users = [honest, ...falsifications.map((_, index) => userOf(index))];
  await Promise.all(users.map(live));
  for (const [index, { sql }] of falsifications.entries()) {
    await execute(ledger.databaseUrl, sql(userOf(index)));
  }
  await replayLedger(ledger.pool, {
    findProgram: async () => program,
    onDifference: (difference) => differences.push(difference),
  });
}, patience(60_000));
afterAll(() => ledger.discard());

function named(userId: string): string[] {
  return differences
    .filter((difference) => difference.userId === userId)
    .map(({ subject, field }) => `${subject.replace(`${userId}-`, '')}: ${field}`);
}

describe('a ledger that is derived again', () => {
  test('has nothing to say of what is as it was', () => {
    expect(named(honest)).toEqual([]);
  });

  test.each(falsifications.map((each, index) => ({ ...each, userId: userOf(index) })))(
    'names a falsified $of',
    ({ userId, named: expected, followed }) => {
      const found = named(userId);
      expect(followed ? found.slice(0, expected.length) : found).toEqual(expected);
    },
  );

  test('says what is stored and what it should be', () => {
    expect(differences[0]).toMatchObject({
      programId: 'wine-dine',
      userId: userOf(0),
      subject: `earn ${userOf(0)}-a`,
      field: 'points',
      stored: '61',
      derived: '60',
      decidedBy: undefined,
    });
  });

  test('says why what is stored can not be read, and goes on', () => {
    const cutOff = falsifications.findIndex(({ of }) => of.includes('cut off'));
    const found = differences.filter(({ userId }) => userId === userOf(cutOff));
    expect(found[0]).toMatchObject({ stored: 'unreadable (RangeError: premature EOF)' });
    expect(named(userOf(falsifications.length - 1))).not.toEqual([]);
  });

  test('goes on behind a membership', async () => {
    const some: Difference[] = [];
    const after = differences.find(({ userId }) => userId === userOf(3))?.membershipId ?? 0n;
    const { members } = await replayLedger(ledger.pool, {
      findProgram: async () => program,
      after,
      onDifference: (difference) => some.push(difference),
    });
    expect(some).toEqual(differences.filter(({ membershipId }) => membershipId > after));
    expect(members).toBeLessThan(falsifications.length);
  });

  test('names as faults what an unknown engine is said to have decided', () => {
    const reviewed = differences.filter(({ decidedBy }) => decidedBy !== undefined);
    expect(reviewed).toEqual([]);
  });

  test('lists what an earlier engine decided, and what follows from it, for review', async () => {
    const userId = userOf(0);
    const found: Difference[] = [];
    await replayLedger(ledger.pool, {
      findProgram: async () => program,
      semantics: 2,
      onDifference: (difference) => {
        if (difference.userId === userId) found.push(difference);
      },
    });
    expect(found.map(({ subject, field, decidedBy }) => [subject, field, decidedBy])).toEqual([
      [`earn ${userId}-a`, 'points', 1],
      [`earn ${userId}-b`, 'facts', 1],
      [`earn ${userId}-c`, 'facts', 1],
      [`earn ${userId}-a`, 'points left', 1],
    ]);
  });

  test('names members whose program is unknown', async () => {
    const subjects = new Set<string>();
    await replayLedger(ledger.pool, {
      findProgram: async () => undefined,
      onDifference: ({ subject }) => subjects.add(subject),
    });
    expect([...subjects]).toEqual(['program']);
  });
});
