// A quote of a purchase is what the purchase then earns.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import {
  Cap_Period as CapPeriod,
  type EarnRuleSchema,
  RateAward_Mode as Mode,
  RuleSet_Rounding as Rounding,
  type RuleSetSchema,
  RefundPolicy_Shortfall as Shortfall,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { DomainError } from '@loyalty/rules/domain-error.ts';
import type { EarnResult } from '../src/app/earn.ts';
import type { ProgramDefinition } from '../src/app/program-catalog.ts';
import type { EarnQuote } from '../src/app/quote-earn.ts';
import {
  aCart,
  aProgram,
  aPurchase,
  aRedemption,
  aRuleSet,
  author,
  goldTier,
  rewards,
  startUseCases,
} from './commit-fixture.ts';
import { dayMs } from './moving-clock.ts';
import { beginElsewhere } from './other-transaction.ts';

let ledger: Awaited<ReturnType<typeof startUseCases>>;
beforeAll(async () => {
  ledger = await startUseCases(aProgram());
}, patience(30_000));
afterAll(() => ledger.stop());

const usd = (minorUnits: number) => ({ currencyCode: 'USD', minorUnits: BigInt(minorUnits) });

type Rule = MessageInitShape<typeof EarnRuleSchema>;
type RuleSetInit = MessageInitShape<typeof RuleSetSchema>;

const period = fc.constantFrom(CapPeriod.DAY, CapPeriod.WEEK, CapPeriod.MONTH, CapPeriod.LIFETIME);
const cap = fc.record({ points: fc.bigInt({ min: 1n, max: 150n }), period });

const award: fc.Arbitrary<NonNullable<Rule['award']>> = fc.oneof(
  fc.record({
    case: fc.constant('rate' as const),
    value: fc.record({
      points: fc.bigInt({ min: 1n, max: 20n }),
      per: fc.constantFrom(usd(100), usd(333), usd(10_000)),
      mode: fc.constantFrom(Mode.STEP, Mode.PROPORTIONAL),
    }),
  }),
  fc.record({
    case: fc.constant('fixed' as const),
    value: fc.record({ points: fc.bigInt({ min: 1n, max: 100n }) }),
  }),
  fc.record({
    case: fc.constant('perItem' as const),
    value: fc.record({ points: fc.bigInt({ min: 1n, max: 9n }) }),
  }),
  fc.record({
    case: fc.constant('multiplier' as const),
    value: fc.record({ factor: fc.constantFrom('0.5', '1.5', '2', '3.125') }),
  }),
);

const rule = fc
  .record({
    award,
    condition: fc.constantFrom(
      '',
      '',
      "member.attributes.tier == 'gold'",
      'member.lifetime_earned >= 60',
      'member.lifetime_earned < 200',
      "transaction.channel == 'web'",
      "now - member.join_time > duration('24h')",
    ),
    cap: fc.option(cap, { nil: undefined }),
    maximumPoints: fc.option(fc.bigInt({ min: 1n, max: 80n }), { nil: undefined }),
    group: fc.constantFrom('', '', 'best'),
  })
  .map(({ award, condition, cap, maximumPoints, group }) => ({
    award,
    condition,
    ...(cap && { cap }),
    ...(maximumPoints !== undefined && { maximumPoints }),
    // Awards and multipliers don't share a group.
    exclusiveGroup: group === '' ? '' : `${group}-${award.case === 'multiplier'}`,
  }));

const ruleSet: fc.Arbitrary<RuleSetInit> = fc
  .record({
    rules: fc.array(rule, { minLength: 1, maxLength: 5 }),
    rounding: fc.constantFrom(Rounding.FLOOR, Rounding.HALF_UP, Rounding.CEILING),
    cap: fc.option(cap, { nil: undefined }),
    maximumPoints: fc.option(fc.bigInt({ min: 1n, max: 200n }), { nil: undefined }),
    maturation: fc.constantFrom(undefined, { days: 3 }),
    expiry: fc.constantFrom(
      { case: 'never' as const, value: {} },
      { case: 'after' as const, value: { period: { case: 'days' as const, value: 10 } } },
      { case: 'inactivity' as const, value: { months: 1 } },
    ),
    shortfall: fc.constantFrom(Shortfall.DEFICIT, Shortfall.FORGIVE),
  })
  .map(({ rules, rounding, cap, maximumPoints, maturation, expiry, shortfall }) => {
    const named = rules.map((each, index) => ({
      ...each,
      ruleId: `rule-${index}`,
      displayName: `Rule ${index}`,
    }));
    return {
      earnRules: named,
      rounding,
      ...(cap && { cap }),
      ...(maximumPoints !== undefined && { maximumPoints }),
      ...(maturation && { maturation: { policy: { case: 'after', value: maturation } } }),
      expiry: { policy: expiry },
      refund: { shortfall, restoreGraceDays: 0 },
    } as RuleSetInit;
  });

/** What somebody is about to buy. */
interface Cart {
  readonly minorUnits: number;
  /** Of each item. */
  readonly units: readonly number[];
  readonly channel: string;
}

const cart: fc.Arbitrary<Cart> = fc.record({
  minorUnits: fc.constantFrom(0, 999, 3_333, 12_345, 40_000),
  units: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
  channel: fc.constantFrom('', 'web'),
});

type Step =
  | { readonly kind: 'earn'; readonly cart: Cart }
  | { readonly kind: 'refund'; readonly which: number; readonly percent: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'redeem' | 'gold' | 'debit' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('earn' as const), cart }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('refund' as const),
      which: fc.nat(9),
      percent: fc.constantFrom(30, 77, 100),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('redeem' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 3_600_000, dayMs, 4 * dayMs, 20 * dayMs),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('gold' as const, 'debit' as const) }),
  },
);
const ending = fc.constantFrom(...Array.from({ length: 8 }, () => 'stay'), 'suspend', 'leave');

let programs = 0;

/** A program of its own, so that no other example is in the way. */
function define(changes: Partial<ProgramDefinition>): ProgramDefinition {
  programs += 1;
  const programId = `program-${programs}`;
  const program = aProgram({
    ...changes,
    programId,
    rewards: rewards({
      programId,
      rewardId: 'glass',
      displayName: 'A glass',
      price: { case: 'fixed', value: { points: 10n } },
    }),
  });
  ledger.define(program);
  return program;
}

function content({ minorUnits, units, channel }: Cart) {
  return {
    amount: usd(minorUnits),
    items: units.map((quantity, index) => ({
      itemId: String(index),
      sku: `sku-${index}`,
      quantity,
      amount: usd(500 * quantity),
    })),
    channel,
  };
}

const start = Date.parse('2026-03-01T12:00:00Z');

/** One member, and what happens to her. */
class Member {
  readonly name;
  now = start;
  readonly #bought: { transactionId: string; minorUnits: number }[] = [];
  #serial = 0;

  constructor({ programId }: ProgramDefinition) {
    this.name = { programId, userId: 'alice' };
    this.#tick(0);
  }

  async quote(cart: Cart): Promise<EarnQuote> {
    const purchase = create(TransactionSchema, content(cart));
    return await ledger.quoteEarn({ ...this.name, purchase, byMember: false });
  }

  async earn(cart: Cart): Promise<EarnResult> {
    this.#serial += 1;
    const transactionId = `order-${this.#serial}`;
    const occurTime = timestampFromDate(new Date(this.now));
    const purchase = create(TransactionSchema, { transactionId, occurTime, ...content(cart) });
    const result = await ledger.earn({ ...this.name, purchase }, author);
    this.#bought.push({ transactionId, minorUnits: cart.minorUnits });
    return result;
  }

  async live(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      try {
        await this.#take(step);
      } catch (error) {
        // Redeemed too much, or refunded what is refunded already.
        if (!(error instanceof DomainError)) throw error;
      }
    }
  }

  async #take(step: Step): Promise<unknown> {
    this.#serial += 1;
    const key = String(this.#serial);
    switch (step.kind) {
      case 'earn':
        return await this.earn(step.cart);
      case 'refund': {
        const bought = this.#bought[step.which % Math.max(1, this.#bought.length)];
        if (bought === undefined) return undefined;
        const { transactionId, minorUnits } = bought;
        const amount = usd(Math.round((minorUnits * step.percent) / 100));
        const extent = { kind: 'AMOUNT', amount } as const;
        const { programId } = this.name;
        const refund = { programId, transactionId, refundId: key, extent };
        return await ledger.reverseEarn(refund, author);
      }
      case 'redeem':
        return await ledger.redeem(aRedemption({ ...this.name, capture: 'HOLD' }), author);
      case 'gold':
        return await ledger.update({ ...this.name, attributes: goldTier, etags: [] }, author);
      case 'debit': {
        const debit = { points: -25n, reason: 'an error', allowDeficit: true };
        return await ledger.adjust({ ...this.name, ...debit, idempotencyKey: key }, author);
      }
      case 'wait':
        return this.#tick(step.ms);
      default:
        return step satisfies never;
    }
  }

  #tick(ms: number): void {
    this.now += ms;
    ledger.setClock(new Date(this.now));
  }
}

/** What a quote and an earn have in common, or why there is none. */
async function outcomeOf(answer: Promise<EarnQuote>) {
  try {
    const { earn, balance } = await answer;
    const { points, explanation, ruleSetVersion, lot, postTime } = earn;
    return { points, explanation, ruleSetVersion, lot, postTime, balance };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { reason: error.reason, message: error.message, metadata: error.metadata };
  }
}

test(
  'a quote is what the purchase earns, whatever the rules and the past of the member are',
  async () => {
    const reached = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          ruleSet,
          autoEnrollment: fc.boolean(),
          joins: fc.boolean(),
          steps: fc.array(step, { maxLength: 8 }),
          ending,
          cart,
        }),
        async ({ ruleSet, autoEnrollment, joins, steps, ending, cart }) => {
          const alice = new Member(define({ autoEnrollment, ruleSets: [aRuleSet(ruleSet)] }));
          if (joins) await ledger.join({ ...alice.name, attributes: {}, byMember: false }, author);
          await alice.live(steps);
          const isMember = (await ledger.reader.membershipId(alice.name)) !== undefined;
          if (isMember && ending === 'suspend') await ledger.suspend(alice.name, author);
          if (isMember && ending === 'leave') {
            await ledger.leave({ ...alice.name, byMember: false }, author);
          }

          const quoted = await outcomeOf(alice.quote(cart));
          expect(await outcomeOf(alice.quote(cart))).toEqual(quoted);
          const earned = await outcomeOf(alice.earn(cart));
          expect(quoted).toEqual(earned);
          for (const kind of kindsOf(quoted)) reached.add(kind);
        },
      ),
      { numRuns: 150 },
    );
    const kinds = ['RULE', 'MAXIMUM', 'GROUP', 'CAP', 'SET_MAXIMUM', 'SET_CAP', 'ROUNDING'];
    const refusals = ['MEMBERSHIP_NOT_FOUND', 'MEMBERSHIP_SUSPENDED', 'MEMBERSHIP_LEFT'];
    expect(reached).toEqual(new Set([...kinds, ...refusals]));
  },
  patience(120_000),
);

function kindsOf(outcome: Awaited<ReturnType<typeof outcomeOf>>): string[] {
  return outcome.explanation === undefined
    ? [outcome.reason]
    : outcome.explanation.map(({ kind }) => kind);
}

describe('a quote', () => {
  const aliceOf = ({ programId }: ProgramDefinition) => ({ programId, userId: 'alice' });

  async function everythingStored(): Promise<unknown> {
    // The ledger's own role may not look at the sequence.
    const owner = await beginElsewhere(ledger.databaseUrl);
    const { rows } = await owner.query(
      `SELECT (SELECT last_value FROM membership_ids) AS ids,
         (SELECT count(*) FROM entries) AS entries, (SELECT count(*) FROM earns) AS earns,
         (SELECT count(*) FROM outbox) AS outbox, (SELECT sum(points) FROM cap_usage) AS used,
         (SELECT json_agg(memberships ORDER BY membership_id) FROM memberships)::text AS memberships`,
    );
    await owner.end();
    return rows;
  }

  test('leaves nothing behind, not even of a user who would join or of what is due', async () => {
    const expiry = { policy: { case: 'after' as const, value: days(1) } };
    const program = define({ ruleSets: [aRuleSet({ expiry })] });
    const alice = new Member(program);
    await alice.earn({ minorUnits: 20_000, units: [], channel: '' });
    await alice.live([{ kind: 'wait', ms: 10 * dayMs }]);
    const before = await everythingStored();
    const { balance } = await ledger.quoteEarn({ ...aCart(order), ...aliceOf(program) });
    expect(balance).toMatchObject({ available: 5n, lifetimeEarned: 15n, lifetimeExpired: 10n });
    const newcomer = { ...aliceOf(program), userId: 'newcomer' };
    const { earn } = await ledger.quoteEarn({ ...aCart(order), ...newcomer });
    expect(earn.points).toBe(5n);
    expect(await everythingStored()).toEqual(before);
  });

  test('waits for nobody who has locked the member', async () => {
    const program = define({});
    const alice = new Member(program);
    await alice.earn({ minorUnits: 20_000, units: [], channel: '' });
    const other = await beginElsewhere(ledger.databaseUrl);
    await other.query('SELECT * FROM memberships FOR UPDATE');
    const { balance } = await ledger.quoteEarn({ ...aCart(order), ...aliceOf(program) });
    expect(balance.available).toBe(15n);
    await other.end();
  });

  test('is no attempt that a limit counts, and none refuses it', async () => {
    const program = define({ earnsPerMinute: 1 });
    const quote = () => ledger.quoteEarn({ ...aCart(order), ...aliceOf(program) });
    const earn = () => ledger.earn({ ...aPurchase(order), programId: program.programId }, author);
    await quote();
    await quote();
    await earn();
    expect((await quote()).earn.points).toBe(5n);
    await expect(earn()).rejects.toMatchObject({ reason: 'VELOCITY_LIMIT' });
  });

  test('is refused where the purchase would be', async () => {
    const quote = ({ programId }: ProgramDefinition) =>
      ledger.quoteEarn({ ...aCart(order), programId });
    await expect(quote(define({ state: 'SUSPENDED' }))).rejects.toMatchObject({
      reason: 'PROGRAM_NOT_ACTIVE',
    });
    await expect(quote(define({ autoEnrollment: false }))).rejects.toMatchObject({
      reason: 'MEMBERSHIP_NOT_FOUND',
    });
    const draft = define({ state: 'DRAFT' });
    await expect(quote(draft)).rejects.toMatchObject({ reason: 'PROGRAM_NOT_ACTIVE' });
    const byMember = { ...aCart(order), ...aliceOf(draft), byMember: true };
    await expect(ledger.quoteEarn(byMember)).rejects.toMatchObject({ reason: 'PROGRAM_NOT_FOUND' });
  });

  test('names the field at fault as the request has it', async () => {
    const item = { itemId: '1', quantity: 1, amount: usd(100) };
    const purchase = create(TransactionSchema, { amount: usd(200), items: [item, item] });
    const twice = { ...aCart(order), purchase };
    await expect(ledger.quoteEarn(twice)).rejects.toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [{ field: 'items[1].item_id' }],
    });
  });
});

const order = { userId: 'alice', minorUnits: 10_000n };

function days(value: number) {
  return { period: { case: 'days' as const, value } };
}
