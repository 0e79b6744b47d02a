import { arithmeticViolations } from './arithmetic-limits.ts';
import { checkCondition, faultText } from './condition/check-condition.ts';
import { EARN_RULE_VOCABULARY, REWARD_VOCABULARY } from './condition/vocabulary.ts';
import { isCurrency, parseDecimal } from './decimal.ts';
import { epochMs } from './epoch-ms.ts';
import type { EarnRule, RuleSet, Schedule, Violation } from './language.ts';
import type { MoneyMessage } from './money.ts';
import { fewestDays } from './month-lengths.ts';
import { isTimeZone } from './zone-clock.ts';

/** What the conditions of one rule set may cost together, in the steps of CONDITION_COST_MAX. */
export const CONDITIONS_COST_MAX = 100_000;
/** The maximum number of faulty conditions in one response; checking more would only make others wait. */
const CONDITION_FAULTS_MAX = 10;

/**
 * What is wrong with a rule set beyond the limits on single fields, which the protos declare. Nothing is, if the result
 * is empty: then it can be compiled, and evaluated on any purchase.
 */
export function validateRuleSet(ruleSet: RuleSet): Violation[] {
  const { earnRules, timeZone } = ruleSet;
  const violations = earnRules.flatMap((rule, index) =>
    ruleViolations(rule, `earn_rules[${index}]`),
  );
  violations.push(...duplicateIds(earnRules), ...mixedGroups(earnRules));
  violations.push(...arithmeticViolations(earnRules), ...pendingExpiryViolations(ruleSet));
  if (timeZone !== '' && !isTimeZone(timeZone)) {
    violations.push({
      field: 'time_zone',
      message: `unknown time zone ${timeZone}; use a name of the IANA database, such as "Europe/Paris"`,
    });
  }
  return [...violations, ...conditionViolations(earnRules)];
}

/** What is wrong with a reward's condition, which is over `member` and `now`; empty is always true. */
export function validateRewardCondition(condition: string, field: string): Violation[] {
  if (condition === '') return [];
  const { fault } = checkCondition(condition, REWARD_VOCABULARY);
  return fault === undefined ? [] : [{ field, message: faultText(fault) }];
}

function ruleViolations(rule: EarnRule, field: string): Violation[] {
  const { award, minimumAmount, schedule } = rule;
  const violations: Violation[] = [];
  if (award.case === 'rate') {
    violations.push(...currencyViolations(award.value.per, `${field}.rate.per`));
    if ((award.value.per?.minorUnits ?? 0n) <= 0n) {
      violations.push({ field: `${field}.rate.per.minor_units`, message: 'must be 1 or more' });
    }
    const currency = award.value.per?.currencyCode;
    if (minimumAmount !== undefined && minimumAmount.currencyCode !== currency) {
      violations.push({
        field: `${field}.minimum_amount.currency_code`,
        message: `must be ${currency} like rate.per, or the rule never applies`,
      });
    }
  }
  if (award.case === 'multiplier' && parseDecimal(award.value.factor) === undefined) {
    violations.push({
      field: `${field}.multiplier.factor`,
      message: 'must be a decimal from 0 to 100 with at most 3 places, such as "1.5"',
    });
  }
  if (award.case === undefined) {
    violations.push({
      field,
      message: 'gives nothing; set one of rate, fixed, per_item and multiplier',
      names: ['per_item'],
    });
  }
  violations.push(...currencyViolations(minimumAmount, `${field}.minimum_amount`));
  if (schedule !== undefined) {
    violations.push(...scheduleViolations(schedule, `${field}.schedule`));
  }
  return violations;
}

function currencyViolations(money: MoneyMessage | undefined, field: string): Violation[] {
  if (money === undefined || isCurrency(money.currencyCode)) return [];
  const message = `unknown currency ${money.currencyCode}; use an ISO 4217 code, such as "USD"`;
  return [{ field: `${field}.currency_code`, message }];
}

function scheduleViolations(schedule: Schedule, field: string): Violation[] {
  const { startTime, endTime, startTimeOfDay, endTimeOfDay } = schedule;
  const violations: Violation[] = [];
  if (startTime !== undefined && endTime !== undefined) {
    if (epochMs(endTime) <= epochMs(startTime)) {
      violations.push({
        field: `${field}.end_time`,
        message: 'must be after start_time',
        names: ['start_time'],
      });
    }
  }
  if (startTimeOfDay !== '' && startTimeOfDay === endTimeOfDay) {
    violations.push({
      field: `${field}.end_time_of_day`,
      message: 'must differ from start_time_of_day; leave both out for the whole day',
      names: ['start_time_of_day'],
    });
  }
  return violations;
}

/** Points that are still pending when their member counts as inactive would expire before they can be spent. */
function pendingExpiryViolations({ maturation, expiry }: RuleSet): Violation[] {
  if (maturation?.policy.case !== 'after' || expiry?.policy.case !== 'inactivity') return [];
  const { days } = maturation.policy.value;
  const { months } = expiry.policy.value;
  const most = fewestDays(months);
  if (days <= most) return [];
  const message = `must be at most ${most}, the fewest days that ${months === 1 ? 'a month has' : `${months} months have`}: points would expire by inactivity before they mature`;
  return [{ field: 'maturation.after.days', message }];
}

function duplicateIds(rules: readonly EarnRule[]): Violation[] {
  const seen = new Set<string>();
  return rules.flatMap(({ ruleId }, index) => {
    if (!seen.has(ruleId)) {
      seen.add(ruleId);
      return [];
    }
    const message = `${ruleId} is the id of an earlier rule; give each rule its own`;
    return [{ field: `earn_rules[${index}].rule_id`, message }];
  });
}

/** What a multiplier adds isn't known before the awards, so the two never compete. */
function mixedGroups(rules: readonly EarnRule[]): Violation[] {
  const multiplierFirst = new Map<string, boolean>();
  return rules.flatMap(({ exclusiveGroup, award }, index) => {
    if (exclusiveGroup === '') return [];
    const isMultiplier = award.case === 'multiplier';
    const first = multiplierFirst.get(exclusiveGroup) ?? isMultiplier;
    multiplierFirst.set(exclusiveGroup, first);
    if (first === isMultiplier) return [];
    const message = `group ${exclusiveGroup} has both multipliers and other awards; put them into groups of their own`;
    return [{ field: `earn_rules[${index}].exclusive_group`, message }];
  });
}

function conditionViolations(rules: readonly EarnRule[]): Violation[] {
  let total = 0;
  let faults = 0;
  return rules.flatMap(({ condition }, index) => {
    if (condition === '' || faults >= CONDITION_FAULTS_MAX || total > CONDITIONS_COST_MAX)
      return [];
    const field = `earn_rules[${index}].condition`;
    const { fault, cost } = checkCondition(condition, EARN_RULE_VOCABULARY);
    if (fault !== undefined) {
      faults += 1;
      return [{ field, message: faultText(fault) }];
    }
    total += cost;
    if (total <= CONDITIONS_COST_MAX) return [];
    const message = `the conditions up to this one may take ${total} steps together, more than ${CONDITIONS_COST_MAX}; use fewer loops over items, categories or attributes`;
    return [{ field, message }];
  });
}
