import { isFieldSet, type JsonValue } from '@bufbuild/protobuf';
import {
  type Reward,
  Reward_State,
  RewardSchema,
} from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import type { EarnRule, RuleSet } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { isoTime } from '../iso-time.ts';
import { awardText, periodText, priceText } from './award-text.ts';
import { type Difference, differencesOf } from './differences.ts';
import { type ProgramPlan, type RewardPlan, type RulesPlan, rulesJson, stateName } from './plan.ts';
import { expiryText, maturationText } from './policy-text.ts';

/** What members would notice of a plan, a sentence each; empty if that is nothing. */
export function memberNotices(plan: ProgramPlan): string[] {
  const { platform, wanted, move, rules, settings, rewards } = plan;
  const before = stateName(platform?.program.state);
  const after = stateName(wanted.state) ?? before ?? 'DRAFT';
  // Members don't see a draft, and nobody can join or earn.
  if ((before ?? 'DRAFT') === 'DRAFT' && after !== 'ACTIVE') return [];
  if (move?.from === 'DRAFT') return [`The program opens: users can join, earn and redeem.`];
  return [
    ...(move === undefined ? [] : [moveNotice(move.to)]),
    ...settings.flatMap((difference) => settingNotice(difference)),
    ...(rules === undefined ? [] : rulesNotices(rules)),
    ...rewards.flatMap(rewardNotices),
  ];
}

function moveNotice(to: NonNullable<ProgramPlan['move']>['to']): string {
  switch (to) {
    case 'ACTIVE':
      return 'The program is open again: users can join, earn and redeem.';
    case 'SUSPENDED':
      return 'The program is suspended: nobody can join, earn or redeem.';
    case 'ARCHIVED':
      return 'The program ends for good, and members no longer see it.';
    case 'DRAFT':
      return '';
  }
}

const settingNotices: Readonly<Record<string, string>> = {
  displayName: 'The name of the program changes',
  description: 'The description of the program changes',
  unit: 'The name of the points changes',
  timeZone:
    'Days and months begin at another time: for rewards at once, for earning from the next version of the rules',
  enrollment: 'How users become members changes',
  limits: 'How often members can earn and redeem within a minute changes',
  notices: 'How many days before dates of their points members can hear of them changes',
};

function settingNotice({ path, before, after }: Difference): string[] {
  const notice = settingNotices[/^\w+/.exec(path)?.[0] ?? ''];
  return notice === undefined ? [] : [`${notice}${change(before, after)}.`];
}

/** The values of a change where they are short. */
function change(before: JsonValue | undefined, after: JsonValue | undefined): string {
  const texts = [before, after].map((value) =>
    value === undefined ? 'none' : JSON.stringify(value),
  );
  return texts.every((text) => text.length <= 80) ? `, from ${texts.join(' to ')}` : '';
}

function rulesNotices({ last, replaced, publish, effectiveMs, withdraw }: RulesPlan): string[] {
  const from = effectiveMs === undefined ? '' : `From ${isoTime(effectiveMs)}: `;
  const rules =
    publish === undefined || replaced === undefined
      ? []
      : ruleNotices(replaced, publish, differencesOf(rulesJson(replaced), rulesJson(publish)));
  const isMoved =
    publish !== undefined &&
    last !== undefined &&
    differencesOf(rulesJson(last), rulesJson(publish)).length === 0;
  const withdrawn = withdraw.map(({ version }) => version).join(', ');
  return [
    ...rules.map((notice) => `${from}${notice}`),
    ...(withdraw.length > 0
      ? [
          `What version ${withdrawn} of the rules was to change ${isMoved ? 'happens at another time' : "doesn't happen"}.`,
        ]
      : []),
  ];
}

function ruleNotices(
  before: RuleSet,
  after: RuleSet,
  differences: readonly Difference[],
): string[] {
  const [old, now] = [byId(before), byId(after)];
  const rules = [...new Set([...now.keys(), ...old.keys()])].flatMap((ruleId) => {
    const changed = differences
      .filter(
        ({ path }) => path === `earnRules[${ruleId}]` || path.startsWith(`earnRules[${ruleId}].`),
      )
      .map(({ path }) => path.slice(`earnRules[${ruleId}].`.length));
    return changed.length === 0 ? [] : ruleNotice(old.get(ruleId), now.get(ruleId), changed);
  });
  const changed = new Set(differences.map(({ path }) => /^\w+/.exec(path)?.[0] ?? ''));
  const policies = [
    ...(changed.has('maturation')
      ? [
          `New points become available ${maturationText(after.maturation)}, instead of ${maturationText(before.maturation)}.`,
        ]
      : []),
    ...(changed.has('expiry')
      ? [`New points expire ${expiryText(after.expiry)}, instead of ${expiryText(before.expiry)}.`]
      : []),
  ];
  const others = differences.flatMap(({ path, before: from, after: to }) => {
    const notice = ruleSetNotices[/^\w+/.exec(path)?.[0] ?? ''];
    if (notice === undefined || path.startsWith('earnRules[')) return [];
    return [path === 'earnRules' ? `${notice}.` : `${notice}${change(from, to)}.`];
  });
  return [...rules, ...policies, ...others];
}

function byId({ earnRules }: RuleSet): Map<string, EarnRule> {
  return new Map(earnRules.map((rule) => [rule.ruleId, rule]));
}

const ruleSetNotices: Readonly<Record<string, string>> = {
  rounding: 'Points of a purchase are rounded another way',
  earnRules: 'The rules are applied in another order',
  refund: 'Refunds take points back another way',
  maximumPoints: 'The most that one purchase gives changes',
  cap: 'The most that a member gets within a period changes',
};

const conditionFields = ['match', 'condition', 'minimumAmount', 'schedule', 'exclusiveGroup'];

function ruleNotice(
  before: EarnRule | undefined,
  after: EarnRule | undefined,
  changed: readonly string[],
): string[] {
  if (after === undefined)
    return before === undefined ? [] : [`${ruleName(before)} no longer gives points.`];
  if (before === undefined) return [`${ruleName(after)} is new: ${awardText(after)}.`];
  const has = (...names: readonly string[]) =>
    changed.some((path) => names.includes(/^\w+/.exec(path)?.[0] ?? ''));
  return [
    ...(has('displayName') ? [`${ruleName(before)} is called "${after.displayName}".`] : []),
    ...(has('rate', 'fixed', 'perItem', 'multiplier')
      ? [`${ruleName(after)} gives ${awardText(after)}, instead of ${awardText(before)}.`]
      : []),
    ...(has(...conditionFields)
      ? [
          `${ruleName(after)} applies to other purchases (${conditionFields.filter((name) => has(name)).join(', ')}).`,
        ]
      : []),
    ...(has('maximumPoints', 'cap')
      ? [`${ruleName(after)} gives at most ${limitText(after)}, instead of ${limitText(before)}.`]
      : []),
  ];
}

function ruleName({ ruleId, displayName }: EarnRule): string {
  return displayName === '' ? `Rule ${ruleId}` : `Rule ${ruleId} ("${displayName}")`;
}

function limitText({ maximumPoints, cap }: EarnRule): string {
  const limits = [
    ...(maximumPoints === undefined ? [] : [`${maximumPoints} points per purchase`]),
    ...(cap === undefined ? [] : [`${cap.points} points per ${periodText(cap)}`]),
  ];
  return limits.length === 0 ? 'any number' : limits.join(' and ');
}

function rewardNotices({ rewardId, before, after, differences }: RewardPlan): string[] {
  const isOffered = after.state === Reward_State.ACTIVE;
  const wasOffered = before?.state === Reward_State.ACTIVE;
  const name = `Reward ${rewardId} ("${(isOffered ? after : (before ?? after)).displayName}")`;
  if (!isOffered) return wasOffered ? [`${name} is no longer on offer.`] : [];
  if (!wasOffered || before === undefined) return [`${name} is on offer for ${priceText(after)}.`];
  const changed = new Set(differences.map(({ path }) => /^\w+/.exec(path)?.[0] ?? ''));
  return [
    ...(changed.has('displayName') ? [`${name} was called "${before.displayName}" before.`] : []),
    ...(changed.has('fixed') || changed.has('conversion')
      ? [`${name} costs ${priceText(after)}, instead of ${priceText(before)}.`]
      : []),
    ...Object.entries(offerNotices)
      .filter(([field]) => changed.has(field))
      .map(([field, notice]) => `${name} ${notice}${limitsOf(field, before, after)}.`),
  ];
}

const offerNotices: Readonly<Record<string, string>> = {
  description: 'has another description',
  imageUri: 'has another picture',
  stock: 'has another stock',
  memberLimit: 'has another limit per member',
  availability: 'is available at other times',
  condition: 'is offered to other members',
};

/** The numbers of a limit before and after. */
function limitsOf(field: string, before: Reward, after: Reward): string {
  const texts = [after, before].map((reward) => limitOf(field, reward));
  const [now = '', old = ''] = texts;
  return now === '' ? '' : `: ${now}, instead of ${old}`;
}

function limitOf(field: string, reward: Reward): string {
  if (field === 'stock') {
    return isFieldSet(reward, RewardSchema.field.stock)
      ? `${reward.stock?.limit} units`
      : 'no limit';
  }
  if (field === 'memberLimit') {
    const { memberLimit } = reward;
    return memberLimit === undefined
      ? 'no limit'
      : `${memberLimit.count} per ${periodText(memberLimit)}`;
  }
  if (field !== 'availability') return '';
  const { startTime, endTime } = reward.availability ?? {};
  const start = startTime && `from ${isoTime(Number(startTime.seconds) * 1000)}`;
  const end = endTime && `until ${isoTime(Number(endTime.seconds) * 1000)}`;
  return [start, end].filter(Boolean).join(' ') || 'always';
}
