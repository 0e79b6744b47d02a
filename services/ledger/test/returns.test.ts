// Returns of purchases whose items don't sum to what was paid: gifts, coupons, shipping, fractions of cents.
import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  Cap_Period,
  RateAward_Mode as Mode,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { DomainError } from '@loyalty/rules/domain-error.ts';
import type { RefundPart } from '@loyalty/rules/remaining-purchase.ts';
import { aProgram, aRuleSet, author, startUseCases } from './commit-fixture.ts';

const perDollar = { points: 1n, per: { currencyCode: 'USD', minorUnits: 100n }, mode: Mode.STEP };
const dollar = { ruleId: 'dollar', award: { case: 'rate' as const, value: perDollar } };
const unit = { ruleId: 'unit', award: { case: 'perItem' as const, value: { points: 3n } } };

let ledger: Awaited<ReturnType<typeof startUseCases>>;
beforeAll(async () => {
  const programs = {
    'dollar-and-unit': aRuleSet({ earnRules: [dollar, unit] }),
    capped: aRuleSet({
      earnRules: [dollar],
      cap: { points: 100n, period: Cap_Period.LIFETIME },
    }),
  };
  const [first, ...others] = Object.entries(programs).map(([programId, ruleSet]) =>
    aProgram({ programId, ruleSets: [ruleSet] }),
  );
  ledger = await startUseCases(first as ReturnType<typeof aProgram>, ...others);
});
afterAll(() => ledger.stop());

type Item = readonly [itemId: string, quantity: number, cents: number];
interface Bought {
  readonly cents: number;
  readonly items?: readonly Item[];
}

const usd = (cents: number) => ({ currencyCode: 'USD', minorUnits: BigInt(cents) });

function purchase({ cents, items = [] }: Bought) {
  return create(TransactionSchema, {
    transactionId: randomUUID(),
    occurTime: timestampFromDate(new Date()),
    amount: usd(cents),
    items: items.map(([itemId, quantity, each]) => ({
      itemId,
      sku: itemId,
      quantity,
      amount: usd(each),
    })),
  });
}

const full: RefundPart = { kind: 'FULL' };
const amount = (cents: number): RefundPart => ({
  kind: 'AMOUNT',
  amount: usd(cents),
});
const units = (...items: [itemId: string, quantity: number][]): RefundPart => ({
  kind: 'ITEMS',
  items: items.map(([itemId, quantity]) => ({ itemId, quantity })),
});

/** One step of a series: what comes back, and the points that stay, or why it is refused. */
type Step = readonly [part: RefundPart, outcome: number | string];

const withGift: Bought = {
  cents: 1_000,
  items: [
    ['wine', 1, 1_000],
    ['gift', 1, 0],
  ],
};
const coupon: Bought = {
  cents: 1_500,
  items: [
    ['1', 1, 1_000],
    ['2', 1, 1_000],
    ['3', 1, 1_000],
  ],
};
const bargain: Bought = { ...coupon, cents: 1_000 };
const shipped: Bought = {
  cents: 10_000,
  items: [
    ['wine', 1, 6_000],
    ['cheese', 1, 3_000],
  ],
};
const free: Bought = { cents: 0, items: [['gift', 2, 0]] };
const four: Bought = { cents: 4_000, items: [['wine', 4, 4_000]] };
const allPaidByPoints: Bought = { cents: 0, items: [['wine', 2, 2_000]] };
const exceeds = 'REFUND_EXCEEDS_TRANSACTION';

const SERIES: readonly [name: string, bought: Bought, points: number, steps: readonly Step[]][] = [
  ['a gift with its item', withGift, 16, [[units(['wine', 1], ['gift', 1]), 0]]],
  ['a gift before its item, in one return', withGift, 16, [[units(['gift', 1], ['wine', 1]), 0]]],
  [
    'a gift that comes back later',
    withGift,
    16,
    [
      [units(['wine', 1]), 0],
      [units(['gift', 1]), 0],
      [units(['gift', 1]), exceeds],
    ],
  ],
  [
    'a gift that comes back first',
    withGift,
    16,
    [
      [units(['gift', 1]), 13],
      [units(['wine', 1]), 0],
    ],
  ],
  [
    'after a full refund neither units nor money are left',
    withGift,
    16,
    [
      [full, 0],
      [units(['gift', 1]), exceeds],
      [amount(1), exceeds],
      [amount(0), 0],
      [full, 0],
    ],
  ],
  [
    'items of a coupon, one by one',
    coupon,
    24,
    [
      [units(['1', 1]), 16],
      [units(['2', 1]), 8],
      [units(['3', 1]), 0],
    ],
  ],
  ['all items of a coupon', coupon, 24, [[units(['3', 1], ['1', 1], ['2', 1]), 0]]],
  [
    'thirds of a cent, the rest by amount as the shop pays it',
    bargain,
    19,
    [
      [units(['1', 1]), 12],
      [amount(668), exceeds],
      [amount(667), 0],
      [units(['2', 1], ['3', 1]), 0],
    ],
  ],
  [
    'an amount that leaves less than a cent',
    bargain,
    19,
    [
      [units(['1', 1]), 12],
      [amount(666), 0],
    ],
  ],
  [
    'shipping first',
    shipped,
    106,
    [
      [amount(1_000), 96],
      [units(['cheese', 1]), 63],
      [units(['wine', 1]), 0],
    ],
  ],
  [
    'items first, so that only shipping is left',
    shipped,
    106,
    [
      [units(['wine', 1], ['cheese', 1]), 10],
      [amount(1_001), exceeds],
      [amount(1_000), 0],
    ],
  ],
  [
    'half by amount, then units of what the item counts by now',
    four,
    52,
    [
      [amount(2_000), 32],
      [units(['wine', 1]), 24],
      [units(['wine', 4]), exceeds],
      [units(['wine', 3]), 0],
    ],
  ],
  [
    'two free gifts',
    free,
    6,
    [
      [amount(1), exceeds],
      [units(['gift', 1]), 3],
      [units(['gift', 1]), 0],
    ],
  ],
  ['what points paid for', allPaidByPoints, 6, [[units(['wine', 2]), 0]]],
  [
    'a purchase without items',
    { cents: 10_000 },
    100,
    [
      [amount(1_000), 90],
      [full, 0],
    ],
  ],
];

async function earnAs(userId: string, programId: string, bought: Bought) {
  const order = purchase(bought);
  const { earn } = await ledger.earn({ programId, userId, purchase: order }, author);
  const { transactionId } = order;
  const refund = (extent: RefundPart, refundId: string = randomUUID()) =>
    ledger.reverseEarn({ programId, transactionId, refundId, extent }, author);
  return { earn, refund };
}

async function outcomeOf(refund: ReturnType<typeof ledger.reverseEarn>) {
  try {
    const { earned } = await refund;
    return earned && Number(earned.earn.points - earned.earn.reversedPoints);
  } catch (error) {
    if (error instanceof DomainError) return error.reason;
    throw error;
  }
}

describe('a series of returns', () => {
  test.each(SERIES)('%s', async (_, bought, points, steps) => {
    const { earn, refund } = await earnAs('alice', 'dollar-and-unit', bought);
    expect(Number(earn.points)).toBe(points);
    const outcomes = [];
    for (const [part] of steps) outcomes.push(await outcomeOf(refund(part)));
    expect(outcomes).toEqual(steps.map(([, outcome]) => outcome));
  });

  test('is the same when it came before the purchase, in the order of its arrival', async () => {
    const order = purchase(four);
    const { transactionId } = order;
    const [programId, userId] = ['dollar-and-unit', 'alice'];
    // Ids whose order is another, and all within one instant.
    ledger.setClock(new Date());
    const waiting = [
      ['z', amount(2_000)],
      ['y', units(['wine', 1])],
      ['x', units(['beer', 1])],
      ['w', { kind: 'AMOUNT', amount: { ...usd(1), currencyCode: 'EUR' } }],
      ['v', units(['wine', 1])],
    ] as const;
    for (const [refundId, extent] of waiting) {
      await ledger.reverseEarn({ programId, transactionId, refundId, extent }, author);
    }
    const { earn } = await ledger.earn({ programId, userId, purchase: order }, author);
    // 40.00 and 4 units: 20.00 and 4, then 15.00 and 3, then 10.00 and 2.
    expect(Number(earn.points - earn.reversedPoints)).toBe(16);
    const refunds = await ledger.reader.refundsOf({ programId, transactionId });
    expect(refunds.map(({ refundId, state }) => [refundId, state])).toEqual([
      ['z', 'APPLIED'],
      ['y', 'APPLIED'],
      ['x', 'REJECTED'],
      ['w', 'REJECTED'],
      ['v', 'APPLIED'],
    ]);
  });

  test('knows a repeat whose items come in another order', async () => {
    const { refund } = await earnAs('alice', 'dollar-and-unit', shipped);
    await refund(units(['wine', 1], ['cheese', 1]), 'r');
    expect(await refund(units(['cheese', 1], ['wine', 1]), 'r')).toMatchObject({ replayed: true });
  });
});

describe('the cap of a rule set', () => {
  test('counts what was given, and gets back what returns take', async () => {
    const earned = async (cents: number) => (await earnAs('bob', 'capped', { cents })).earn.points;
    const { earn, refund } = await earnAs('bob', 'capped', { cents: 8_000 });
    expect(earn.points).toBe(80n);
    expect(await earned(5_000)).toBe(20n);
    expect(await earned(5_000)).toBe(0n);
    await refund(amount(3_000));
    // Earlier purchases aren't looked at again.
    expect(await earned(2_000)).toBe(20n);
    expect(await earned(2_000)).toBe(10n);
    await refund(full);
    expect(await earned(9_000)).toBe(50n);
  });
});
