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
 * Makes ready for use what the Programs service told. Published versions never change, so that those of the previous
 * definition need no second compilation.
 */
export function definitionOf(
  { program, revision, ruleSets, rewards }: GetProgramSnapshotResponse,
  previous?: ProgramDefinition,
): ProgramDefinition {
  if (program === undefined) throw new Error('a program snapshot came without its program');
  const compiled = new Map(previous?.ruleSets.map((ruleSet) => [ruleSet.version, ruleSet]));
  return {
    programId: program.programId,
    revision,
    state: stateOf(program),
    autoEnrollment: program.enrollment === Enrollment.AUTO,
    clock: createZoneClock(program.timeZone),
    earnsPerMinute: program.limits?.earnsPerMinute ?? 0,
    redemptionsPerMinute: program.limits?.redemptionsPerMinute ?? defaultRedemptionsPerMinute,
    ruleSets: ruleSets
      .filter(isPublished)
      .map((ruleSet) => compiled.get(ruleSet.version) ?? compileRuleSet(ruleSet))
      .toSorted((a, b) => effectiveMs(a) - effectiveMs(b)),
    rewards: new Map(rewards.map((reward) => [reward.rewardId, compileReward(reward)])),
  };
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

function isPublished({ state, effectiveTime }: RuleSet): boolean {
  return (
    effectiveTime !== undefined && state !== RuleSetState.DRAFT && state !== RuleSetState.WITHDRAWN
  );
}

function effectiveMs({ effectiveTime }: CompiledRuleSet): number {
  return effectiveTime?.getTime() ?? 0;
}
