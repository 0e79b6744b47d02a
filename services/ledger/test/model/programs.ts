import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { MemberLimit_Period as LimitPeriod } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import {
  Cap_Period as CapPeriod,
  type ExpiryPolicySchema,
  RateAward_Mode as Mode,
  RuleSet_Rounding as Rounding,
  ExpiryPolicy_After_RoundUpTo as RoundUpTo,
  type RuleSetSchema,
  RefundPolicy_Shortfall as Shortfall,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { createZoneClock } from '@loyalty/rules/zone-clock.ts';
import type { ProgramDefinition } from '../../src/app/program-catalog.ts';
import { aProgram, aRuleSet, rewards } from '../commit-fixture.ts';

type RuleSetInit = MessageInitShape<typeof RuleSetSchema>;
type Expiry = NonNullable<MessageInitShape<typeof ExpiryPolicySchema>['policy']>;
type Rules = NonNullable<RuleSetInit['earnRules']>;

const usd = (minorUnits: bigint) => ({ currencyCode: 'USD', minorUnits });
const after14Days = { policy: { case: 'after' as const, value: { days: 14 } } };
const refundPolicy = (shortfall: Shortfall) => (restoreGraceDays: number) => ({
  shortfall,
  restoreGraceDays,
});
const deficit = refundPolicy(Shortfall.DEFICIT);
const forgive = refundPolicy(Shortfall.FORGIVE);
const inactivity = (months: number): Expiry => ({ case: 'inactivity', value: { months } });
const days = (value: number): Expiry => ({
  case: 'after',
  value: { period: { case: 'days', value } },
});

function rate(points: bigint, mode: Mode) {
  return { case: 'rate' as const, value: { points, per: usd(100n), mode } };
}

const steps: Rules = [{ ruleId: 'base', award: rate(1n, Mode.STEP) }];

/** Two rules of a group, of which a refund can make the other one the better, and a bonus for loyal members. */
const capped: Rules = [
  {
    ruleId: 'base',
    award: rate(1n, Mode.PROPORTIONAL),
    exclusiveGroup: 'base',
    cap: { points: 120n, period: CapPeriod.MONTH },
  },
  {
    ruleId: 'visit',
    award: { case: 'fixed', value: { points: 25n } },
    exclusiveGroup: 'base',
    cap: { points: 60n, period: CapPeriod.WEEK },
  },
  {
    ruleId: 'loyal',
    award: { case: 'multiplier', value: { factor: '1.5' } },
    condition: 'member.lifetime_earned >= 60',
    maximumPoints: 30n,
  },
];

const itemized: Rules = [
  {
    ruleId: 'wine',
    award: { case: 'perItem', value: { points: 7n } },
    match: { categories: ['wine'] },
    cap: { points: 90n, period: CapPeriod.LIFETIME },
  },
  { ruleId: 'base', award: rate(2n, Mode.PROPORTIONAL), minimumAmount: usd(500n) },
  {
    ruleId: 'gold',
    award: { case: 'fixed', value: { points: 15n } },
    condition: "member.attributes.tier == 'gold'",
    cap: { points: 30n, period: CapPeriod.DAY },
  },
];

/** All but gifts, and a bonus for them, within limits of the rule set itself. */
const limited: Rules = [
  {
    ruleId: 'base',
    award: rate(1n, Mode.PROPORTIONAL),
    match: { exclude: { categories: ['food'] } },
  },
  { ruleId: 'units', award: { case: 'perItem', value: { points: 11n } } },
  { ruleId: 'twice', award: { case: 'multiplier', value: { factor: '2' } }, maximumPoints: 40n },
];

interface Policies {
  readonly from?: string;
  readonly timeZone?: string;
  readonly rounding?: Rounding;
  readonly earnRules: Rules;
  readonly maximumPoints?: bigint;
  readonly cap?: { points: bigint; period: CapPeriod };
  readonly maturation?: typeof after14Days;
  readonly expiry: Expiry;
  readonly refund: ReturnType<typeof deficit>;
}

function ruleSet(version: number, { from, expiry, ...changes }: Policies) {
  const effectiveTime = timestampFromDate(new Date(from ?? '2020-01-01'));
  return aRuleSet({ ...changes, version, effectiveTime, expiry: { policy: expiry } });
}

/** One program for each policy, and some that change theirs, with rewards of every kind. */
export function randomPrograms(users: readonly string[]): ProgramDefinition[] {
  const list: [programId: string, timeZone: string, versions: ProgramDefinition['ruleSets']][] = [
    [
      'plain',
      'UTC',
      [ruleSet(1, { earnRules: steps, expiry: { case: 'never', value: {} }, refund: deficit(0) })],
    ],
    [
      'matures',
      'America/New_York',
      [
        ruleSet(1, {
          timeZone: 'America/New_York',
          earnRules: capped,
          maturation: after14Days,
          expiry: days(30),
          refund: forgive(10),
        }),
      ],
    ],
    [
      'fixed-date',
      'Europe/Paris',
      [
        ruleSet(1, {
          timeZone: 'Europe/Paris',
          rounding: Rounding.HALF_UP,
          earnRules: itemized,
          expiry: { case: 'fixedDate', value: { month: 3, day: 31, minimumDays: 20 } },
          refund: deficit(30),
        }),
      ],
    ],
    [
      'idle',
      'Asia/Kolkata',
      [
        ruleSet(1, {
          timeZone: 'Asia/Kolkata',
          earnRules: itemized,
          maturation: after14Days,
          expiry: inactivity(2),
          refund: deficit(45),
        }),
      ],
    ],
    [
      'changing',
      'UTC',
      [
        ruleSet(1, { earnRules: capped, expiry: inactivity(3), refund: deficit(20) }),
        ruleSet(2, {
          from: '2026-03-01',
          rounding: Rounding.CEILING,
          earnRules: itemized,
          maturation: after14Days,
          expiry: inactivity(1),
          refund: forgive(0),
        }),
        ruleSet(3, {
          from: '2026-05-15',
          earnRules: capped,
          expiry: {
            case: 'after',
            value: { period: { case: 'months', value: 1 }, roundUpTo: RoundUpTo.MONTH },
          },
          refund: deficit(5),
        }),
      ],
    ],
    [
      'mixed',
      'UTC',
      [
        ruleSet(1, { earnRules: steps, expiry: inactivity(1), refund: forgive(75) }),
        ruleSet(2, { from: '2026-05-01', earnRules: steps, expiry: days(38), refund: deficit(0) }),
      ],
    ],
    [
      'limited',
      'Australia/Sydney',
      [
        ruleSet(1, {
          timeZone: 'Australia/Sydney',
          earnRules: limited,
          maximumPoints: 120n,
          cap: { points: 200n, period: CapPeriod.WEEK },
          expiry: days(90),
          refund: deficit(0),
        }),
        ruleSet(2, {
          from: '2026-04-01',
          timeZone: 'Australia/Sydney',
          earnRules: limited,
          cap: { points: 150n, period: CapPeriod.DAY },
          expiry: days(90),
          refund: forgive(3),
        }),
      ],
    ],
    [
      'short-lived',
      'UTC',
      [
        ruleSet(1, {
          earnRules: capped,
          maturation: { policy: { case: 'after', value: { days: 3 } } },
          expiry: days(2),
          refund: deficit(4),
        }),
      ],
    ],
  ];
  return list.map(([programId, timeZone, ruleSets], index) =>
    aProgram({
      programId,
      ruleSets,
      clock: createZoneClock(timeZone),
      autoEnrollment: index % 2 === 0,
      rewards: rewardsFor(programId, users),
    }),
  );
}

function rewardsFor(programId: string, users: readonly string[]): ProgramDefinition['rewards'] {
  const fixed = (points: bigint) => ({ case: 'fixed' as const, value: { points } });
  return rewards(
    { programId, rewardId: 'glass', price: fixed(10n) },
    {
      programId,
      rewardId: 'bottle',
      price: fixed(25n),
      memberLimit: { count: 3, period: LimitPeriod.MONTH },
    },
    {
      programId,
      rewardId: 'tour',
      price: fixed(5n),
      memberLimit: { count: 4, period: LimitPeriod.LIFETIME },
      condition: "member.attributes.tier == 'gold'",
    },
    {
      programId,
      rewardId: 'summer',
      price: fixed(8n),
      availability: {
        startTime: timestampFromDate(new Date('2026-03-20')),
        endTime: timestampFromDate(new Date('2026-06-20')),
      },
    },
    {
      programId,
      rewardId: 'voucher',
      price: {
        case: 'conversion',
        value: { points: 10n, per: usd(100n), minimumPoints: 20n, stepPoints: 5n },
      },
    },
    // Stock is shared by all who ask, so that each member has a reward of their own: what another does is no matter.
    ...users.map((userId) => ({
      programId,
      rewardId: `cup-${userId}`,
      price: fixed(6n),
      stock: { limit: 4n },
    })),
  );
}
