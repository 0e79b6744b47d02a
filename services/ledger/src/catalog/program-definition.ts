import {
  Program_Enrollment as Enrollment,
  type Program,
  Program_State as State,
} from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import type { GetProgramSnapshotResponse } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import {
  type RuleSet,
  RuleSet_State as RuleSetState,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { type CompiledRuleSet, compileRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import { compileReward } from '@loyalty/rules/reward-availability.ts';
import { createZoneClock } from '@loyalty/rules/zone-clock.ts';
import type { ProgramDefinition } from '../app/program-catalog.ts';

/** Of a program that doesn't say how many redemptions a member may make within a minute. */
const defaultRedemptionsPerMinute = 5;

/**
 * Makes ready for use what the Programs service told: everything, or what has changed since the previous definition.
 * Published versions never change, so that known ones need no second compilation.
 */
export function definitionOf(
  { program, revision, ruleSets, rewards }: GetProgramSnapshotResponse,
  previous?: ProgramDefinition,
): ProgramDefinition {
  if (program === undefined) throw new Error('a program snapshot has no program');
  const known = [...(previous?.ruleSets ?? []), ...(previous?.withdrawnRuleSets ?? [])];
  const compiled = new Map(known.map((ruleSet) => [ruleSet.version, ruleSet]));
  const published = ruleSets.filter(({ effectiveTime }) => effectiveTime !== undefined);
  for (const ruleSet of published) {
    const { version } = ruleSet;
    compiled.set(version, compiled.get(version) ?? compileRuleSet(ruleSet));
  }
  const withdrawn = new Set([
    ...(previous?.withdrawnRuleSets ?? []).map(({ version }) => version),
    ...published.filter(isWithdrawn).map(({ version }) => version),
  ]);
  const all = [...compiled.values()].toSorted((a, b) => effectiveMs(a) - effectiveMs(b));
  return {
    programId: program.programId,
    revision,
    state: stateOf(program),
    autoEnrollment: program.enrollment === Enrollment.AUTO,
    clock: createZoneClock(program.timeZone),
    earnsPerMinute: program.limits?.earnsPerMinute ?? 0,
    redemptionsPerMinute: program.limits?.redemptionsPerMinute ?? defaultRedemptionsPerMinute,
    unit: program.unit ?? { singular: 'point', plural: 'points' },
    notices: noticeDaysOf(program),
    ruleSets: all.filter(({ version }) => !withdrawn.has(version)),
    withdrawnRuleSets: all.filter(({ version }) => withdrawn.has(version)),
    rewards: new Map([
      ...(previous?.rewards ?? []),
      ...rewards.map((reward) => [reward.rewardId, compileReward(reward)] as const),
    ]),
  };
}

/** How many days before dates of points members get a notice. */
function noticeDaysOf({ notices }: Program): ProgramDefinition['notices'] {
  return { EXPIRING: notices?.expiringDays ?? 0, MATURING: notices?.maturingDays ?? 0 };
}

function stateOf({ programId, state }: Program): ProgramDefinition['state'] {
  switch (state) {
    case State.DRAFT:
      return 'DRAFT';
    case State.ACTIVE:
      return 'ACTIVE';
    case State.SUSPENDED:
      return 'SUSPENDED';
    case State.ARCHIVED:
      return 'ARCHIVED';
    default:
      throw new Error(`the program ${programId} has the unknown state ${state}`);
  }
}

function isWithdrawn({ state }: RuleSet): boolean {
  return state === RuleSetState.WITHDRAWN;
}

function effectiveMs({ effectiveTime }: CompiledRuleSet): number {
  return effectiveTime ?? 0;
}
