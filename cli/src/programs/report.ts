import type { JsonValue } from '@bufbuild/protobuf';
import { Reward_State } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { isoTime } from '../iso-time.ts';
import { printable } from '../printable.ts';
import type { Difference } from './differences.ts';
import { memberNotices } from './member-notices.ts';
import { isEmpty, type ProgramPlan, type RewardPlan, type RulesPlan } from './plan.ts';
import { effectiveMs, isScheduled } from './platform-program.ts';

/** A plan for people: every field that changes, and what members would notice. */
export function describePlan(plan: ProgramPlan): string {
  const { platform, rules, rewards, unlistedRewards } = plan;
  const left = unlistedRewards.map(
    (rewardId) => `  reward ${rewardId} is not in the file and stays; --prune would archive it`,
  );
  if (isEmpty(plan)) return [`${plan.programId}: no changes`, ...left].join('\n');
  const notices = memberNotices(plan);
  return [
    `${plan.programId}${platform === undefined ? ' (new)' : ''}`,
    ...programLines(plan),
    ...(rules === undefined ? [] : rulesLines(rules)),
    ...rewards.flatMap(rewardLines),
    ...left,
    ...(notices.length === 0
      ? ['  nothing that members notice']
      : ['  members would notice:', ...notices.map((notice) => `    - ${printable(notice)}`)]),
  ].join('\n');
}

function programLines({ settings, move }: ProgramPlan): string[] {
  if (settings.length === 0 && move === undefined) return [];
  const state = move && { path: 'state', before: move.from, after: move.to };
  return ['  program', ...[...settings, ...(state ? [state] : [])].map(differenceLine)];
}

function rulesLines({
  differences,
  last,
  publish,
  effectiveMs: time,
  withdraw,
}: RulesPlan): string[] {
  const from =
    time === undefined ? 'in force when it is applied' : `in force from ${isoTime(time)}`;
  const place = last === undefined ? '' : `, after version ${last.version}${timeOf(last)}`;
  return [
    publish === undefined ? '  rule set' : `  rule set (new version, ${from}${place})`,
    ...differences.map(differenceLine),
    ...withdraw.map((version) => `    withdraws version ${version.version}${timeOf(version)}`),
  ];
}

function timeOf(version: NonNullable<RulesPlan['last']>): string {
  return isScheduled(version) ? `, which is scheduled for ${isoTime(effectiveMs(version))}` : '';
}

function rewardLines({ rewardId, before, after, differences }: RewardPlan): string[] {
  if (before === undefined) {
    return [`  reward ${rewardId} (new)`, ...differences.map(differenceLine)];
  }
  const isArchived = after.state === Reward_State.ARCHIVED && before.state !== after.state;
  const title = `  reward ${rewardId}${isArchived ? ' (archived)' : ''}`;
  return [title, ...differences.map(differenceLine)];
}

function differenceLine({ path, before, after }: Difference): string {
  const name = printable(path);
  if (before === undefined) return `    + ${name}: ${valueText(after)}`;
  if (after === undefined) return `    - ${name}: ${valueText(before)}`;
  return `    ~ ${name}: ${valueText(before)} → ${valueText(after)}`;
}

function valueText(value: JsonValue | undefined): string {
  return printable(JSON.stringify(value) ?? '');
}
