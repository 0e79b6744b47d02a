import {
  Cap_Period as Period,
  RefundPolicy_Shortfall as Shortfall,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { compileGiving, type Giving } from './award.ts';
import { type CompiledCondition, compileCondition } from './condition/condition.ts';
import { epochMs } from './epoch-ms.ts';
import { type Fraction, whole } from './fraction.ts';
import type { Cap, EarnRule, ExpiryPolicy, MaturationPolicy, RuleSet } from './language.ts';
import { type LimitPeriod, type PeriodStart, periodStart } from './limit-period.ts';
import { type CompiledMatch, compileMatch } from './match.ts';
import { type CompiledSchedule, compileSchedule } from './schedule.ts';
import { createZoneClock, type ZoneClock } from './zone-clock.ts';

/** A rule set ready to be evaluated any number of times. Compile it once and keep it. */
export interface CompiledRuleSet {
  readonly programId: string;
  readonly version: number;
  /** Undefined for a draft. */
  readonly effectiveTime: Date | undefined;
  readonly clock: ZoneClock;
  readonly rounding: RuleSet['rounding'];
  readonly rules: readonly CompiledRule[];
  readonly maturation: MaturationPolicy['policy'];
  readonly expiry: ExpiryPolicy['policy'];
  readonly refund: CompiledRefundPolicy;
}

export interface CompiledRule {
  readonly ruleId: string;
  readonly giving: Giving;
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

/** A rule's period that a transaction counts in. */
export interface CapPeriod {
  readonly ruleId: string;
  readonly period: LimitPeriod;
  readonly periodStart: PeriodStart;
}

/** Throws RangeError when the rule set's time zone is unknown; publication has checked it. */
export function compileRuleSet(ruleSet: RuleSet): CompiledRuleSet {
  const { effectiveTime, refund } = ruleSet;
  return {
    programId: ruleSet.programId,
    version: ruleSet.version,
    effectiveTime: effectiveTime === undefined ? undefined : new Date(epochMs(effectiveTime)),
    clock: createZoneClock(ruleSet.timeZone),
    rounding: ruleSet.rounding,
    rules: ruleSet.earnRules.map(compileRule),
    maturation: ruleSet.maturation?.policy ?? { case: undefined },
    expiry: ruleSet.expiry?.policy ?? { case: undefined },
    refund: {
      shortfall: refund?.shortfall === Shortfall.FORGIVE ? 'FORGIVE' : 'DEFICIT',
      restoreGraceDays: refund?.restoreGraceDays ?? 0,
    },
  };
}

/** The periods whose usage an evaluation of a transaction from that time asks for. */
export function capPeriods({ rules, clock }: CompiledRuleSet, occurTime: Date): CapPeriod[] {
  return rules.flatMap(({ ruleId, cap }) =>
    cap === undefined
      ? []
      : [{ ruleId, period: cap.period, periodStart: periodStart(cap.period, occurTime, clock) }],
  );
}

/** Whether an evaluation depends on what is known of the member, beyond caps. */
export function needsMemberFacts({ rules }: CompiledRuleSet): boolean {
  return rules.some(({ condition }) => condition?.asksMember === true);
}

function compileRule(rule: EarnRule): CompiledRule {
  const { minimumAmount, maximumPoints, schedule, cap } = rule;
  return {
    ruleId: rule.ruleId,
    giving: compileGiving(rule),
    match: compileMatch(rule.match),
    condition: compileCondition(rule.condition),
    minimum: minimumAmount && {
      amount: whole(minimumAmount.minorUnits),
      currencyCode: minimumAmount.currencyCode,
    },
    maximum: maximumPoints === undefined ? undefined : whole(maximumPoints),
    schedule: schedule && compileSchedule(schedule),
    cap: cap && {
      points: cap.points, // The strictest reading of a period that a later version of the contract added.
      period: CAP_PERIODS[cap.period] ?? 'LIFETIME',
    },
    exclusiveGroup: rule.exclusiveGroup,
  };
}

const CAP_PERIODS: Partial<Record<Cap['period'], LimitPeriod>> = {
  [Period.DAY]: 'DAY',
  [Period.WEEK]: 'WEEK',
  [Period.MONTH]: 'MONTH',
};
