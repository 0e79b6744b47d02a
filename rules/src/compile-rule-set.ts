import {
  Cap_Period as Period,
  RefundPolicy_Shortfall as Shortfall,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { type CompiledAward, compileAward } from './award.ts';
import { type CompiledCondition, compileCondition } from './condition/condition.ts';
import { epochMs } from './epoch-ms.ts';
import { type Fraction, whole } from './fraction.ts';
import type { Instant } from './instant.ts';
import type { Cap, EarnRule, ExpiryPolicy, MaturationPolicy, RuleSet } from './language.ts';
import { type LimitPeriod, periodStart } from './limit-period.ts';
import { type CompiledMatch, compileMatch } from './match.ts';
import { type CompiledSchedule, compileSchedule } from './schedule.ts';
import { createZoneClock, type ZoneClock } from './zone-clock.ts';

/** The id under which the cap of the rule set itself is counted. */
export const RULE_SET_CAP_ID = '';

/** A rule set ready to be evaluated any number of times. Compile it once and keep it. */
export interface CompiledRuleSet {
  readonly programId: string;
  readonly version: number;
  /** Undefined for a draft. */
  readonly effectiveTime: Instant | undefined;
  readonly clock: ZoneClock;
  readonly rounding: RuleSet['rounding'];
  readonly rules: readonly CompiledRule[];
  /** The rules' display names by rule id. */
  readonly displayNames: ReadonlyMap<string, string>;
  /** The most that all rules together give for one transaction. */
  readonly maximum: Fraction | undefined;
  /** The most that all rules together give a member within a period. */
  readonly cap: CompiledCap | undefined;
  readonly maturation: MaturationPolicy['policy'];
  readonly expiry: ExpiryPolicy['policy'];
  readonly refund: CompiledRefundPolicy;
}

export interface CompiledRule {
  readonly ruleId: string;
  readonly displayName: string;
  readonly award: CompiledAward;
  readonly match: CompiledMatch;
  readonly condition: CompiledCondition | undefined;
  readonly minimum: { readonly amount: Fraction; readonly currencyCode: string } | undefined;
  readonly maximum: Fraction | undefined;
  readonly schedule: CompiledSchedule | undefined;
  readonly cap: CompiledCap | undefined;
  /** Empty when the rule is in no group. */
  readonly exclusiveGroup: string;
}

export interface CompiledCap {
  readonly points: bigint;
  readonly period: LimitPeriod;
}

export interface CompiledRefundPolicy {
  readonly shortfall: 'DEFICIT' | 'FORGIVE';
  readonly restoreGraceDays: number;
}

/** A cap's period that a transaction counts in. */
export interface CapPeriod {
  /** Empty for the cap of the rule set itself. */
  readonly ruleId: string;
  readonly period: LimitPeriod;
  readonly start: Instant;
}

/** Throws RangeError when the rule set's time zone is unknown; publication has checked it. */
export function compileRuleSet(ruleSet: RuleSet): CompiledRuleSet {
  const { effectiveTime, maximumPoints, cap, refund } = ruleSet;
  return {
    programId: ruleSet.programId,
    version: ruleSet.version,
    effectiveTime: effectiveTime === undefined ? undefined : epochMs(effectiveTime),
    clock: createZoneClock(ruleSet.timeZone),
    rounding: ruleSet.rounding,
    rules: ruleSet.earnRules.map(compileRule),
    displayNames: new Map(ruleSet.earnRules.map((rule) => [rule.ruleId, rule.displayName])),
    maximum: maximumPoints === undefined ? undefined : whole(maximumPoints),
    cap: cap && compileCap(cap),
    maturation: ruleSet.maturation?.policy ?? { case: undefined },
    expiry: ruleSet.expiry?.policy ?? { case: undefined },
    refund: {
      shortfall: refund?.shortfall === Shortfall.FORGIVE ? 'FORGIVE' : 'DEFICIT',
      restoreGraceDays: refund?.restoreGraceDays ?? 0,
    },
  };
}

/** The periods whose usage an evaluation of a transaction from that time asks for. */
export function capPeriods(
  { rules, cap: setCap, clock }: CompiledRuleSet,
  occurTime: Instant,
): CapPeriod[] {
  const periods: CapPeriod[] = [];
  const add = (ruleId: string, cap: CompiledCap | undefined) => {
    if (cap === undefined) return;
    const { period } = cap;
    periods.push({ ruleId, period, start: periodStart(period, occurTime, clock) });
  };
  for (const { ruleId, cap } of rules) add(ruleId, cap);
  add(RULE_SET_CAP_ID, setCap);
  return periods;
}

/** Whether an evaluation depends on what is known of the member, beyond caps. */
export function needsMemberFacts({ rules }: CompiledRuleSet): boolean {
  return rules.some(({ condition }) => condition?.asksMember === true);
}

function compileRule(rule: EarnRule): CompiledRule {
  const { minimumAmount, maximumPoints, schedule, cap } = rule;
  return {
    ruleId: rule.ruleId,
    displayName: rule.displayName,
    award: compileAward(rule),
    match: compileMatch(rule.match),
    condition: compileCondition(rule.condition),
    minimum: minimumAmount && {
      amount: whole(minimumAmount.minorUnits ?? 0n),
      currencyCode: minimumAmount.currencyCode,
    },
    maximum: maximumPoints === undefined ? undefined : whole(maximumPoints),
    schedule: schedule && compileSchedule(schedule),
    cap: cap && compileCap(cap),
    exclusiveGroup: rule.exclusiveGroup,
  };
}

function compileCap({ points, period }: Cap): CompiledCap {
  // The strictest reading of a period that a later version of the contract added.
  return { points, period: CAP_PERIODS[period] ?? 'LIFETIME' };
}

const CAP_PERIODS: Partial<Record<Cap['period'], LimitPeriod>> = {
  [Period.DAY]: 'DAY',
  [Period.WEEK]: 'WEEK',
  [Period.MONTH]: 'MONTH',
};
