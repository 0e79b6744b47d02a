import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import {
  type Program,
  Program_State,
  Program_StateSchema,
  ProgramSchema,
} from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import {
  type Reward,
  Reward_State,
  RewardSchema,
} from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import {
  type RuleSet,
  RuleSet_State,
  RuleSetSchema,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { isoTime } from '../iso-time.ts';
import { authoredJson } from './authored-json.ts';
import { rewardWithDefaults } from './definition.ts';
import { type Difference, differencesOf } from './differences.ts';
import type { FileProblem } from './file-problem.ts';
import { effectiveMs, isScheduled, leadsTo, type PlatformProgram } from './platform-program.ts';
import type { FileProgram } from './programs-file.ts';

/** What has to change to make a program of the platform what a file says. */
export interface ProgramPlan {
  readonly programId: string;
  /** Undefined if the program has to be created. */
  readonly platform: PlatformProgram | undefined;
  readonly wanted: Program;
  /** Of the program without its state. */
  readonly settings: readonly Difference[];
  readonly move: ProgramMove | undefined;
  readonly rules: RulesPlan | undefined;
  readonly rewards: readonly RewardPlan[];
  /** Rewards on offer that the file doesn't have, and that stay as they are. */
  readonly unlistedRewards: readonly string[];
}

export type StateName = 'DRAFT' | 'ACTIVE' | 'SUSPENDED' | 'ARCHIVED';

export interface ProgramMove {
  readonly from: StateName;
  readonly to: StateName;
}

export interface RulesPlan {
  /** From the last of the published versions to what the file says, with the effective time. */
  readonly differences: readonly Difference[];
  /** The last of the published versions. */
  readonly last: RuleSet | undefined;
  /** The version that the file's rules replace when they begin to count, once others are withdrawn. */
  readonly replaced: RuleSet | undefined;
  /** The rules to publish, with their effective time if they aren't to count at once; undefined if they are published already. */
  readonly publish: RuleSet | undefined;
  /** From when on the rules count; undefined is at once. */
  readonly effectiveMs: number | undefined;
  /** Scheduled versions that would replace what the file says. */
  readonly withdraw: readonly RuleSet[];
}

export interface RewardPlan {
  readonly rewardId: string;
  /** Undefined if the reward has to be created. */
  readonly before: Reward | undefined;
  readonly after: Reward;
  readonly differences: readonly Difference[];
}

export interface PlanOptions {
  /** Whether rewards that the file doesn't have are archived. */
  readonly prune: boolean;
  readonly nowMs: number;
}

/** The plan for a program, and what can't be done of it. */
export function planProgram(
  file: FileProgram,
  platform: PlatformProgram | undefined,
  options: PlanOptions,
): { plan: ProgramPlan; problems: FileProblem[] } {
  const { program: wanted, ruleSet, rewards } = file.definition;
  const rules = ruleSet && planRules(ruleSet, platform?.published ?? [], options.nowMs);
  const present = platform?.definition.program;
  const rewardPlans = rewards === undefined ? [] : planRewards(rewards, platform);
  const unlisted = [...(platform?.definition.rewards?.keys() ?? [])].filter(
    (rewardId) => rewards !== undefined && !rewards.has(rewardId),
  );
  const plan: ProgramPlan = {
    programId: wanted.programId,
    platform,
    wanted,
    settings: differencesOf(settingsJson(present), settingsJson(wanted)),
    move: planMove(wanted, present),
    rules,
    rewards: options.prune
      ? [...rewardPlans, ...unlisted.map((rewardId) => archivePlan(rewardId, platform))]
      : rewardPlans,
    unlistedRewards: options.prune ? [] : unlisted,
  };
  return { plan, problems: problemsOf(plan, file, options.nowMs) };
}

/** Whether the platform is what the file says. */
export function isEmpty({ platform, settings, move, rules, rewards }: ProgramPlan): boolean {
  return (
    platform !== undefined &&
    settings.length === 0 &&
    move === undefined &&
    rules === undefined &&
    rewards.length === 0
  );
}

function settingsJson(program: Program | undefined) {
  if (program === undefined) return {};
  const { programId: _id, state: _state, ...settings } = authoredJson(ProgramSchema, program);
  return settings;
}

/** A file that says no state leaves it as it is. */
function planMove(wanted: Program, present: Program | undefined): ProgramMove | undefined {
  const from = stateName(present?.state) ?? 'DRAFT';
  const to = stateName(wanted.state);
  return to === undefined || to === from ? undefined : { from, to };
}

export function stateName(state: Program_State | undefined): StateName | undefined {
  const name = Program_StateSchema.value[state ?? Program_State.STATE_UNSPECIFIED]?.name;
  return (['DRAFT', 'ACTIVE', 'SUSPENDED', 'ARCHIVED'] as const).find((known) => known === name);
}

function planRules(
  wanted: RuleSet,
  published: readonly RuleSet[],
  nowMs: number,
): RulesPlan | undefined {
  const last = published.at(-1);
  const requestedMs = msOfTimestamp(wanted.effectiveTime, 'effective_time');
  const isLater = requestedMs !== undefined && requestedMs > nowMs;
  const isWanted = (version: RuleSet) =>
    differencesOf(rulesJson(version), rulesJson(wanted)).length === 0 &&
    (isLater
      ? version.state === RuleSet_State.SCHEDULED && leadsTo(requestedMs, version)
      : !isScheduled(version));
  if (last !== undefined && isWanted(last)) return undefined;

  const kept = published.find(isWanted);
  const withdraw = published.filter(
    (version) =>
      version !== kept &&
      isScheduled(version) &&
      (!isLater || version === last || effectiveMs(version) >= requestedMs),
  );
  const beginMs = isLater ? requestedMs : nowMs;
  const replaced = published.findLast(
    (version) => version !== kept && !withdraw.includes(version) && effectiveMs(version) <= beginMs,
  );
  const timeBefore = last && isScheduled(last) ? isoTime(effectiveMs(last)) : undefined;
  const timeAfter = isLater ? isoTime(requestedMs) : undefined;
  const time = { path: 'effectiveTime', before: timeBefore, after: timeAfter };
  return {
    differences: [
      ...differencesOf(last === undefined ? {} : rulesJson(last), rulesJson(wanted)),
      ...(timeBefore === timeAfter ? [] : [time]),
    ],
    last,
    replaced,
    publish: kept === undefined ? wanted : undefined,
    effectiveMs: isLater ? requestedMs : undefined,
    withdraw,
  };
}

/** The rules without their effective time. */
export function rulesJson(ruleSet: RuleSet) {
  const { effectiveTime: _time, ...rules } = authoredJson(RuleSetSchema, ruleSet);
  return rules;
}

function planRewards(
  wanted: ReadonlyMap<string, Reward>,
  platform: PlatformProgram | undefined,
): RewardPlan[] {
  return [...wanted.values()].flatMap((after) => {
    const { rewardId } = after;
    const before = platform?.rewards.get(rewardId);
    // There is nothing to archive.
    if (before === undefined && after.state === Reward_State.ARCHIVED) return [];
    const differences = differencesOf(rewardJson(before), rewardJson(after));
    return differences.length === 0 ? [] : [{ rewardId, before, after, differences }];
  });
}

function archivePlan(rewardId: string, platform: PlatformProgram | undefined): RewardPlan {
  const before = platform?.rewards.get(rewardId);
  if (before === undefined) throw new Error(`There is no reward ${rewardId} to archive`);
  const after = { ...before, state: Reward_State.ARCHIVED };
  const differences = differencesOf(rewardJson(before), rewardJson(after));
  return { rewardId, before, after, differences };
}

function rewardJson(reward: Reward | undefined) {
  if (reward === undefined) return {};
  const { rewardId: _id, ...offer } = authoredJson(RewardSchema, rewardWithDefaults(reward));
  return offer;
}

const moves: Readonly<Record<StateName, readonly StateName[]>> = {
  DRAFT: ['ACTIVE', 'ARCHIVED'],
  ACTIVE: ['SUSPENDED'],
  SUSPENDED: ['ACTIVE', 'ARCHIVED'],
  ARCHIVED: [],
};

function problemsOf(plan: ProgramPlan, file: FileProgram, nowMs: number): FileProblem[] {
  const { platform, move, rules } = plan;
  const problems: FileProblem[] = [];
  if (stateName(platform?.program.state) === 'ARCHIVED' && !isEmpty(plan)) {
    return [
      file.problemAt(
        'program',
        'is ARCHIVED on the platform and never changes; remove its document',
      ),
    ];
  }
  if (move !== undefined && !moves[move.from].includes(move.to)) {
    const message = `can't become ${move.to} from ${move.from}; it can become ${moves[move.from].join(' or ')}`;
    problems.push(file.problemAt('program.state', message));
  }
  const hasRules =
    (platform?.program.activeRuleSetVersion ?? 0) > 0 ||
    (rules !== undefined && rules.effectiveMs === undefined);
  if (move?.to === 'ACTIVE' && !hasRules) {
    const message =
      "can't be ACTIVE while no rules are in force; leave out the effectiveTime of its ruleSet, or make it DRAFT";
    problems.push(file.problemAt('program.state', message));
  }
  const requestedMs = msOfTimestamp(file.definition.ruleSet?.effectiveTime, 'effective_time');
  if (rules?.publish !== undefined && requestedMs !== undefined && requestedMs <= nowMs) {
    const message =
      'is in the past, and these rules are not in force; leave it out to publish them now, or give a later time';
    problems.push(file.problemAt('ruleSet.effectiveTime', message));
  }
  return problems;
}
