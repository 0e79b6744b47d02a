import type { JsonObject } from '@bufbuild/protobuf';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import { ProgramSchema } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import { RewardSchema } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { RuleSetSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { authoredJson } from './authored-json.ts';
import type { ProgramDefinition } from './definition.ts';
import { type Difference, differencesOf } from './differences.ts';
import type { FileProblem } from './file-problem.ts';
import type { ProgramPlan } from './plan.ts';
import type { FileProgram } from './programs-file.ts';

/**
 * What a plan would overwrite that others changed on the platform since the file was made from an earlier one, its base:
 * where the platform has neither what the file says nor what the base said.
 *
 * @param base undefined if the program isn't in the base
 */
export function overwrittenChanges(
  plan: ProgramPlan,
  { file, base, nowMs }: { file: FileProgram; base: FileProgram | undefined; nowMs: number },
): FileProblem[] {
  const { platform } = plan;
  if (platform === undefined) return [];
  if (base === undefined) {
    const message =
      'was created on the platform since the base; export it, or apply without --base';
    return [file.problemAt('program.programId', message)];
  }
  const drifts = definitionDifferences(base.definition, platform.definition, nowMs);
  const changed = pathsOf(plan);
  return drifts
    .filter(({ path }) => changed.some((other) => isWithin(path, other) || isWithin(other, path)))
    .map(({ path, before, after }) =>
      file.problemAt(
        pathInFile(path, file),
        `was changed on the platform since the base, from ${text(before)} to ${text(after)}; export it again, or apply without --base`,
      ),
    );
}

/** The paths of all that a plan changes. */
function pathsOf({ settings, move, rules, rewards }: ProgramPlan): string[] {
  return [
    ...settings.map(({ path }) => `program.${path}`),
    ...(move === undefined ? [] : ['program.state']),
    ...(rules?.differences ?? []).map(({ path }) => `ruleSet.${path}`),
    ...rewards.flatMap(({ rewardId, before, differences }) =>
      before === undefined
        ? [`rewards[${rewardId}]`]
        : differences.map(({ path }) => `rewards[${rewardId}].${path}`),
    ),
  ];
}

/** Of parts that both speak of. */
function definitionDifferences(
  before: ProgramDefinition,
  after: ProgramDefinition,
  nowMs: number,
): Difference[] {
  const rewardsBefore = before.rewards;
  const rewardsAfter = after.rewards ?? new Map();
  const ids = new Set([...(rewardsBefore?.keys() ?? []), ...rewardsAfter.keys()]);
  return [
    ...prefixed('program', programJson(before, after), programJson(after, before)),
    ...(before.ruleSet === undefined
      ? []
      : prefixed('ruleSet', rulesJson(before, nowMs), rulesJson(after, nowMs))),
    ...(rewardsBefore === undefined
      ? []
      : [...ids].flatMap((rewardId) => {
          const [old, now] = [rewardsBefore.get(rewardId), rewardsAfter.get(rewardId)];
          const path = `rewards[${rewardId}]`;
          const [from, to] = [old, now].map(
            (reward) => reward && authoredJson(RewardSchema, reward),
          );
          if (from !== undefined && to !== undefined) return prefixed(path, from, to);
          return [{ path, before: from, after: to }];
        })),
  ];
}

function prefixed(prefix: string, before: JsonObject, after: JsonObject): Difference[] {
  const differences = differencesOf(before, after);
  return differences.map((difference) => ({ ...difference, path: `${prefix}.${difference.path}` }));
}

/** Without the state where the other says none. */
function programJson({ program }: ProgramDefinition, other: ProgramDefinition): JsonObject {
  const { state, ...settings } = authoredJson(ProgramSchema, program);
  const isSaid = authoredJson(ProgramSchema, other.program)['state'] !== undefined;
  return isSaid && state !== undefined ? { ...settings, state } : settings;
}

/** Without an effective time that has passed. */
function rulesJson({ ruleSet }: ProgramDefinition, nowMs: number): JsonObject {
  if (ruleSet === undefined) return {};
  const { effectiveTime, ...rules } = authoredJson(RuleSetSchema, ruleSet);
  const isLater = (msOfTimestamp(ruleSet.effectiveTime, 'effective_time') ?? 0) > nowMs;
  return isLater && effectiveTime !== undefined ? { ...rules, effectiveTime } : rules;
}

function isWithin(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}.`) || path.startsWith(`${other}[`);
}

/** Rewards and rules of a file are found by their places, not by their ids. */
function pathInFile(path: string, { definition, rewardPath }: FileProgram): string {
  const [, rewardId = '', inReward = ''] = /^rewards\[([^\]]*)\](.*)$/.exec(path) ?? [];
  if (rewardId !== '') {
    return definition.rewards?.has(rewardId) === true
      ? rewardPath(rewardId) + inReward
      : rewardPath(rewardId);
  }
  return path.replace(/^ruleSet\.earnRules\[([^\]]*)\]/, (whole, ruleId: string) => {
    const index = definition.ruleSet?.earnRules.findIndex((rule) => rule.ruleId === ruleId) ?? -1;
    return index === -1 ? whole : `ruleSet.earnRules[${index}]`;
  });
}

function text(value: Difference['before']): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
