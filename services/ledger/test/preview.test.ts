// What a preview tells is what a purchase then earns.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Earn } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import {
  Cap_Period,
  type EarnRuleSchema,
  ExpiryPolicy_After_RoundUpTo,
  RateAward_Mode,
  RuleSet_Rounding,
  type RuleSetSchema,
  Schedule_Day,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import type { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { createCustomProgram } from './custom-program.ts';
import {
  admin,
  checkout,
  purchase,
  refusalOf,
  type Setting,
  secondsAndNanos,
  startSetting,
} from './running-ledger.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

type Rule = MessageInitShape<typeof EarnRuleSchema>;
type RuleSetInit = MessageInitShape<typeof RuleSetSchema>;
type TransactionInit = MessageInitShape<typeof TransactionSchema>;

const usd = (minorUnits: bigint) => ({ currencyCode: 'USD', minorUnits });
const rate = (points: bigint, per: bigint, mode: RateAward_Mode, rest: Partial<Rule> = {}): Rule =>
  ({
    ruleId: 'rate',
    award: { case: 'rate', value: { points, per: usd(per), mode } },
    ...rest,
  }) as Rule;
const fixed = (points: bigint, rest: Partial<Rule> = {}): Rule =>
  ({ ruleId: 'fixed', award: { case: 'fixed', value: { points } }, ...rest }) as Rule;
const times = (factor: string, rest: Partial<Rule> = {}): Rule =>
  ({ ruleId: 'times', award: { case: 'multiplier', value: { factor } }, ...rest }) as Rule;

const wine = {
  itemId: '1',
  sku: 'cab-2019',
  categories: ['wine'],
  quantity: 2,
  amount: usd(8_000n),
};
const gold = { tier: 'gold' };
const saturdayMs = Date.UTC(2026, 2, 21, 16);

interface Case {
  readonly program: string;
  readonly ruleSet: RuleSetInit;
  readonly transaction?: Partial<TransactionInit>;
  readonly points: bigint;
}

const cases: Case[] = [
  {
    program: 'counts exact fractions of money and rounds them up',
    ruleSet: {
      earnRules: [rate(1n, 333n, RateAward_Mode.PROPORTIONAL)],
      rounding: RuleSet_Rounding.CEILING,
    },
    points: 76n,
  },
  {
    program: 'has awards of every kind',
    ruleSet: {
      earnRules: [
        rate(5n, 10_000n, RateAward_Mode.STEP),
        fixed(50n, { exclusiveGroup: 'promotion' }),
        fixed(20n, { ruleId: 'less', exclusiveGroup: 'promotion' }),
        {
          ruleId: 'bottles',
          award: { case: 'perItem', value: { points: 3n } },
          match: { categories: ['wine'] },
        },
        times('1.5', { maximumPoints: 30n }),
      ],
    },
    transaction: { items: [wine] },
    points: 96n,
  },
  {
    program: 'asks about the member, the purchase and the day',
    ruleSet: {
      earnRules: [
        rate(1n, 100n, RateAward_Mode.STEP, {
          condition: "member.attributes['tier'] == 'gold' && member.lifetime_earned == 0",
        }),
        fixed(7n, { condition: "transaction.attributes['store'] == 'paris'" }),
        fixed(9n, { ruleId: 'other', condition: "transaction.attributes['store'] == 'rome'" }),
        times('2', { schedule: { daysOfWeek: [Schedule_Day.SATURDAY] } }),
      ],
    },
    transaction: { attributes: { store: 'paris' } },
    points: 514n,
  },
  {
    program: 'caps a rule, and lets points mature and expire at the ends of days',
    ruleSet: {
      earnRules: [
        rate(1n, 100n, RateAward_Mode.STEP, { cap: { points: 40n, period: Cap_Period.DAY } }),
      ],
      maturation: { policy: { case: 'after', value: { days: 400 } } },
      expiry: {
        policy: {
          case: 'after',
          value: {
            period: { case: 'months', value: 30 },
            roundUpTo: ExpiryPolicy_After_RoundUpTo.YEAR,
          },
        },
      },
    },
    points: 40n,
  },
  {
    program: 'has a rule that the purchase is no business of',
    ruleSet: { earnRules: [fixed(5n, { minimumAmount: usd(25_001n) })] },
    points: 0n,
  },
];

/** What both tell: not the ledger's own names for it. */
function told({ explanation, expireTime }: Pick<Earn, 'explanation' | 'expireTime'>) {
  const lines = explanation.map(({ ruleId, points, note }) => `${ruleId} ${points} (${note})`);
  return { lines, expires: expireTime && timestampMs(expireTime) };
}

describe('a purchase in a program that', () => {
  test.each(cases)('$program earns what was foretold', async ({ ruleSet, ...example }) => {
    const settings = { timeZone: 'America/New_York' };
    const programId = await createCustomProgram(setting, { ruleSet, settings });
    const { programs, ruleSets, memberships, ledger } = setting.clients;
    const joined = await memberships.joinProgram(
      { programId, userId: 'alice', attributes: gold },
      checkout,
    );
    const transaction = {
      ...purchase(25_000, { occurTime: secondsAndNanos(saturdayMs) }),
      ...example.transaction,
    } as ReturnType<typeof purchase>;

    const { earn } = await ledger.earn({ programId, userId: 'alice', transaction }, checkout);
    expect(earn?.points).toBe(example.points);
    if (earn?.postTime === undefined) throw new Error('the purchase earned nothing');

    const { joinTime } = joined.membership ?? {};
    const member = { userId: 'alice', attributes: gold, ...(joinTime && { joinTime }) };
    const draft = await ruleSets.createRuleSet({ programId, ruleSet }, admin);
    for (const version of [1, draft.ruleSet?.version ?? 0, 0]) {
      const preview = await programs.previewEarn(
        { programId, version, transaction, member, at: earn.postTime },
        checkout,
      );
      const { points, availableTime } = preview;
      expect({ points, availableTime, ...told(preview) }).toEqual({
        points: earn.points,
        availableTime: earn.availableTime,
        ...told(earn),
      });
      expect(preview.ruleSetVersion).toBe(version || earn.ruleSetVersion);
    }
  });
});

test('a purchase worth more than a balance can hold is refused like its preview', async () => {
  const ruleSet = { earnRules: [rate(1_000_000_000n, 1n, RateAward_Mode.STEP)] };
  const programId = await createCustomProgram(setting, { ruleSet });
  const { programs, memberships, ledger } = setting.clients;
  await memberships.joinProgram({ programId, userId: 'alice' }, checkout);
  const transaction = purchase(Number.MAX_SAFE_INTEGER);
  const refused = { code: 9, reason: 'LIMIT_EXCEEDED' };
  const earned = ledger.earn({ programId, userId: 'alice', transaction }, checkout);
  expect(await refusalOf(earned)).toMatchObject(refused);
  const previewed = programs.previewEarn({ programId, transaction }, checkout);
  expect(await refusalOf(previewed)).toMatchObject(refused);
});
