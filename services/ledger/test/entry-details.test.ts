import type { MessageInitShape } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type Entry,
  Entry_KindSchema,
  Entry_Kind as Kind,
} from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { RedeemRequest_Capture } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import {
  Cap_Period as CapPeriod,
  type RuleSetSchema,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import {
  conversion,
  createCustomMember,
  createCustomProgram,
  fixed,
  proportional,
} from './custom-program.ts';
import {
  admin,
  checkout,
  purchase,
  refusalOf,
  type Setting,
  startSetting,
  tokenOf,
} from './running-ledger.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

const alice = await tokenOf('member', 'alice');
const usd = (minorUnits: bigint) => ({ currencyCode: 'USD', minorUnits });

interface Member {
  programId: string;
  userId: string;
}

/** The journal from the oldest entry on, which is the same for members. */
async function journalOf(member: Member): Promise<Entry[]> {
  const { entries } = await setting.clients.ledger.listEntries(member, checkout);
  const own = await setting.clients.ledger.listEntries(member, alice);
  for (const [index, entry] of entries.entries()) {
    const { actor, requestId, reason } = entry;
    expect({ ...own.entries[index], actor, requestId, reason }).toEqual(entry);
  }
  return entries.toReversed();
}

describe('an entry of a purchase', () => {
  const bought = {
    occurTime: { seconds: 1_772_366_400n, nanos: 0 },
    amount: usd(10_000n),
    channel: 'store',
  };

  test('says when and where it was, what was paid, and which rules gave points', async () => {
    const earnRules = [
      proportional(5n, { displayName: '5 per 100', maximumPoints: 4n }),
      proportional(7n, { ruleId: 'online', match: { channels: ['web'] } }),
      { ruleId: 'gift', displayName: 'A gift', award: { case: 'fixed', value: { points: 3n } } },
    ] as const;
    const member = await createCustomMember(setting, { ruleSet: { earnRules: [...earnRules] } });
    await setting.clients.ledger.earn(
      { ...member, transaction: { ...purchase(10_000), ...bought } },
      checkout,
    );
    const [joined, earned] = await journalOf(member);
    expect(earned).toMatchObject({
      kind: Kind.EARN,
      points: 7n,
      ...bought,
      rules: [
        { ruleId: 'base', displayName: '5 per 100', points: '4' },
        { ruleId: 'gift', displayName: 'A gift', points: '3' },
      ],
      rewardId: '',
    });
    expect(joined).toMatchObject({ kind: Kind.JOINED, channel: '', rules: [] });
    expect(joined?.amount).toBeUndefined();
  });

  const CAPPED = { period: CapPeriod.DAY };
  const flat = (ruleId: string, points: bigint, changes: object = {}) => ({
    ruleId,
    award: { case: 'fixed', value: { points } } as const,
    ...changes,
  });
  const times = (factor: string) => ({
    ruleId: 'times',
    award: { case: 'multiplier', value: { factor } } as const,
  });

  /** What each of two purchases on one day gives, and by which rules. */
  const cases: {
    title: string;
    ruleSet: MessageInitShape<typeof RuleSetSchema>;
    expected: [points: bigint, rules: Record<string, string>][];
  }[] = [
    {
      title: 'none of a rule whose cap is used up',
      ruleSet: {
        earnRules: [flat('base', 25n), flat('bonus', 50n, { cap: { ...CAPPED, points: 50n } })],
      },
      expected: [
        [75n, { base: '25', bonus: '50' }],
        [25n, { base: '25' }],
      ],
    },
    {
      title: 'what a cap leaves',
      ruleSet: {
        earnRules: [flat('base', 25n), flat('bonus', 50n, { cap: { ...CAPPED, points: 70n } })],
      },
      expected: [
        [75n, { base: '25', bonus: '50' }],
        [45n, { base: '25', bonus: '20' }],
      ],
    },
    {
      title: 'only the best of a group',
      ruleSet: {
        earnRules: [
          flat('small', 10n, { exclusiveGroup: 'g' }),
          flat('large', 30n, { exclusiveGroup: 'g' }),
        ],
      },
      expected: [
        [30n, { large: '30' }],
        [30n, { large: '30' }],
      ],
    },
    {
      title: 'a multiplier, without what it adds above a cap',
      ruleSet: {
        earnRules: [
          flat('base', 25n),
          flat('bonus', 50n, { cap: { ...CAPPED, points: 120n } }),
          times('2'),
        ],
      },
      expected: [
        [150n, { base: '25', bonus: '50', times: '75' }],
        [70n, { base: '25', bonus: '10', times: '35' }],
      ],
    },
    {
      title: 'what a multiplier below 1 takes',
      ruleSet: { earnRules: [flat('base', 25n), times('0.6')] },
      expected: [
        [15n, { base: '25', times: '-10' }],
        [15n, { base: '25', times: '-10' }],
      ],
    },
    {
      title: 'what the rule set allows for one purchase, and for a day',
      ruleSet: {
        earnRules: [flat('base', 25n), flat('bonus', 75n)],
        maximumPoints: 80n,
        cap: { ...CAPPED, points: 90n },
      },
      expected: [
        [80n, { base: '20', bonus: '60' }],
        [10n, { base: '2.5', bonus: '7.5' }],
      ],
    },
    {
      title: 'no rule where the rule set allows nothing more',
      ruleSet: { earnRules: [flat('base', 25n)], cap: { ...CAPPED, points: 25n } },
      expected: [
        [25n, { base: '25' }],
        [0n, {}],
      ],
    },
  ];

  test.each(cases)('names the rules that gave points: $title', async ({ ruleSet, expected }) => {
    const member = await createCustomMember(setting, { ruleSet });
    for (const [points, rules] of expected) {
      await setting.clients.ledger.earn(
        { ...member, transaction: { ...purchase(10_000), ...bought } },
        checkout,
      );
      const earned = (await journalOf(member)).at(-1);
      expect(earned?.points).toBe(points);
      const given = (earned?.rules ?? []).map((rule) => [rule.ruleId, rule.points]);
      expect(Object.fromEntries(given)).toEqual(rules);
    }
  });

  test('is told again by those of its refunds, with what was given back', async () => {
    const member = await createCustomMember(setting);
    const transaction = { ...purchase(10_000), ...bought };
    const { ledger } = setting.clients;
    await ledger.earn({ ...member, transaction }, checkout);
    const refunded = { programId: member.programId, transactionId: transaction.transactionId };
    const extents = [
      { case: 'amount', value: usd(2_000n) },
      { case: 'full', value: {} },
    ] as const;
    for (const extent of extents) {
      await ledger.reverseEarn({ ...refunded, refundId: extent.case, extent }, checkout);
    }
    const [, , ...refunds] = await journalOf(member);
    expect(refunds).toMatchObject(
      extents.map((extent) => ({
        kind: Kind.REFUND,
        ...bought,
        refundExtent: { extent },
        rules: [],
      })),
    );
  });
});

describe('an entry of a redemption', () => {
  const entryOf = ({ kind, rewardId, rewardDisplayName, quantity, reference }: Entry) => [
    Entry_KindSchema.value[kind]?.name,
    rewardId,
    rewardDisplayName,
    quantity,
    reference,
  ];

  test('says of which reward it is, by its name of that day, and how many units moved', async () => {
    const glass = fixed('glass', 10n, { displayName: 'A glass' });
    const member = await createCustomMember(setting, { dollars: 100, rewards: [glass] });
    const { redemptions, rewards } = setting.clients;
    const asked = { ...member, rewardId: 'glass', reference: 'table 4' };
    const { redemption } = await redemptions.redeem(
      { ...asked, idempotencyKey: 'a', quantity: 5, capture: RedeemRequest_Capture.HOLD },
      checkout,
    );
    const made = { ...member, redemptionId: redemption?.redemptionId ?? '' };
    const part = (value: number) => ({ part: { case: 'quantity' as const, value } });
    await redemptions.captureRedemption({ ...made, ...part(3) }, checkout);
    await redemptions.reverseRedemption({ ...made, idempotencyKey: 'b', ...part(2) }, checkout);
    await refusalOf(redemptions.redeem({ ...asked, idempotencyKey: 'c', quantity: 99 }, checkout));
    const reward = { ...glass, displayName: 'A bottle' };
    await rewards.updateReward({ programId: member.programId, rewardId: 'glass', reward }, admin);

    expect((await journalOf(member)).slice(2).map(entryOf)).toEqual([
      ['RESERVE', 'glass', 'A glass', 5, 'table 4'],
      ['CAPTURE', 'glass', 'A glass', 3, 'table 4'],
      ['RELEASE', 'glass', 'A glass', 2, 'table 4'],
      ['RETURN', 'glass', 'A glass', 2, 'table 4'],
      ['REJECT', 'glass', 'A glass', 99, 'table 4'],
    ]);
    const shown = await redemptions.getRedemption(made, checkout);
    expect(shown.redemption?.rewardDisplayName).toBe('A glass');
  });

  test('counts a conversion as one unit', async () => {
    const voucher = conversion('voucher', 10n);
    const member = await createCustomMember(setting, { dollars: 100, rewards: [voucher] });
    const { redemptions } = setting.clients;
    const { redemption } = await redemptions.redeem(
      { ...member, rewardId: 'voucher', points: 50n, idempotencyKey: 'a' },
      checkout,
    );
    await redemptions.reverseRedemption(
      {
        ...member,
        redemptionId: redemption?.redemptionId ?? '',
        idempotencyKey: 'b',
        part: { case: 'points', value: 20n },
      },
      checkout,
    );
    expect((await journalOf(member)).slice(2).map(entryOf)).toEqual([
      ['CAPTURE', 'voucher', 'voucher', 1, ''],
      ['RETURN', 'voucher', 'voucher', 1, ''],
    ]);
  });
});

test('a page of hundreds of entries describes each by its own purchase', async () => {
  const programId = await createCustomProgram(setting, {});
  const member = { programId, userId: 'alice' };
  await setting.clients.memberships.joinProgram(member, checkout);
  const earns = Array.from({ length: 300 }, (_, index) => ({
    userId: 'alice',
    transaction: { ...purchase(index), transactionId: `order-${index}` },
  }));
  await setting.clients.ledger.batchEarn({ programId, earns }, checkout);
  const { entries } = await setting.clients.ledger.listEntries(
    { ...member, pageSize: 500 },
    checkout,
  );
  const earned = entries.filter(({ kind }) => kind === Kind.EARN);
  expect(earned).toHaveLength(300);
  for (const { transactionId, amount } of earned) {
    expect(`order-${amount?.minorUnits}`).toBe(transactionId);
  }
});
