import { create } from '@bufbuild/protobuf';
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
import type { RuleSet } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { ruleSetWithDefaults } from '@loyalty/rules/rule-set-defaults.ts';
import { timeZoneNamed } from '@loyalty/rules/time-zone-name.ts';

/** A program as its author writes it, with the platform's default for each thing that is left out. */
export interface ProgramDefinition {
  readonly program: Program;
  /** The rules, and in `effectiveTime` from when on they are to count; now if absent. Undefined if nothing is said of them. */
  readonly ruleSet: RuleSet | undefined;
  /** By id; undefined if nothing is said of them. */
  readonly rewards: ReadonlyMap<string, Reward> | undefined;
}

// The defaults of programs and rewards are those of the programs service, which stores them: what it returns must equal what a
// file means. Those of rules stand once, in rules/.

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
    ...(hasNotices(program) && { notices: program.notices }),
  });
}

function hasNotices({ notices }: Program): boolean {
  return notices !== undefined && (notices.expiringDays > 0 || notices.maturingDays > 0);
}

/** The rules, with the effective time that the message has. */
export function scheduledWithDefaults(ruleSet: RuleSet): RuleSet {
  return {
    ...ruleSetWithDefaults(ruleSet),
    // As it is stored, without what is finer than a millisecond.
    ...timestampField('effectiveTime', msOfTimestamp(ruleSet.effectiveTime, 'effective_time')),
  };
}

/** The offer of a reward, with its id. */
export function rewardWithDefaults(reward: Reward): Reward {
  return create(RewardSchema, { ...reward, state: reward.state || Reward_State.ACTIVE });
}
