import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { msOfTimestamp, timestampField } from '@loyalty/platform/rpc/timestamps.ts';
import {
  type Program,
  Program_Enrollment,
  ProgramSchema,
} from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import {
  type Reward,
  Reward_State,
  RewardSchema,
} from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import {
  type EarnRule,
  type EarnRuleSchema,
  type ExpiryPolicy,
  ExpiryPolicy_After_RoundUpTo,
  type ExpiryPolicySchema,
  RateAward_Mode,
  RefundPolicy_Shortfall,
  type RuleSet,
  RuleSet_Rounding,
  RuleSetSchema,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { timeZoneNamed } from '@loyalty/rules/time-zone-name.ts';

/** A program as its author writes it, with the platform's default for each thing that is left out. */
export interface ProgramDefinition {
  readonly program: Program;
  /** The rules, and in `effectiveTime` from when on they are to count; now if absent. Undefined if nothing is said of them. */
  readonly ruleSet: RuleSet | undefined;
  /** By id; undefined if nothing is said of them. */
  readonly rewards: ReadonlyMap<string, Reward> | undefined;
}

// The defaults are those of the programs service, which stores them: what it returns must equal what a file means.

/** The settings and, if it is given, the state. */
export function programWithDefaults(program: Program): Program {
  const { programId, displayName, description, state, timeZone, metadata } = program;
  return create(ProgramSchema, {
    programId,
    displayName,
    description,
    state,
    metadata,
    unit: program.unit ?? { singular: 'point', plural: 'points' },
    timeZone: timeZone === '' ? 'UTC' : (timeZoneNamed(timeZone) ?? timeZone),
    enrollment: program.enrollment || Program_Enrollment.OPEN,
    limits: {
      earnsPerMinute: program.limits?.earnsPerMinute ?? 0,
      redemptionsPerMinute: program.limits?.redemptionsPerMinute ?? 5,
    },
  });
}

/** The rules, with the effective time that the message has. */
export function ruleSetWithDefaults(ruleSet: RuleSet): RuleSet {
  const { description, earnRules, effectiveTime, maximumPoints, cap, refund } = ruleSet;
  return create(RuleSetSchema, {
    description,
    rounding: ruleSet.rounding || RuleSet_Rounding.FLOOR,
    earnRules: earnRules.map(ruleWithDefaults),
    maturation: ruleSet.maturation ?? { policy: { case: 'immediate', value: {} } },
    expiry: expiryWithDefaults(ruleSet.expiry),
    refund: {
      shortfall: refund?.shortfall || RefundPolicy_Shortfall.DEFICIT,
      restoreGraceDays: refund?.restoreGraceDays ?? 0,
    },
    // As it is stored, without what is finer than a millisecond.
    ...timestampField('effectiveTime', msOfTimestamp(effectiveTime, 'effective_time')),
    ...(maximumPoints !== undefined && { maximumPoints }),
    ...(cap !== undefined && { cap }),
  });
}

function ruleWithDefaults(rule: EarnRule): MessageInitShape<typeof EarnRuleSchema> {
  const { award } = rule;
  if (award.case !== 'rate') return rule;
  const mode = award.value.mode || RateAward_Mode.STEP;
  return { ...rule, award: { case: 'rate', value: { ...award.value, mode } } };
}

function expiryWithDefaults(
  expiry: ExpiryPolicy | undefined,
): MessageInitShape<typeof ExpiryPolicySchema> {
  if (expiry === undefined) return { policy: { case: 'never', value: {} } };
  const { policy } = expiry;
  if (policy.case !== 'after') return expiry;
  const roundUpTo = policy.value.roundUpTo || ExpiryPolicy_After_RoundUpTo.DAY;
  return { policy: { case: 'after', value: { ...policy.value, roundUpTo } } };
}

/** The offer of a reward, with its id. */
export function rewardWithDefaults(reward: Reward): Reward {
  return create(RewardSchema, { ...reward, state: reward.state || Reward_State.ACTIVE });
}
