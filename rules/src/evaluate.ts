import type { CapPeriod, CompiledCap, CompiledRuleSet } from './compile-rule-set.ts';
import { type ConditionBindings, conditionBindings } from './condition/condition.ts';
import { fractionText } from './decimal.ts';
import { sumOf, whole, ZERO } from './fraction.ts';
import { type MemberFacts, POINTS_MAX, type Transaction } from './language.ts';
import { type LimitPeriod, type PeriodStart, periodStart } from './limit-period.ts';
import { multiplyAndCap, type Settled } from './multiply-and-cap.ts';
import { notApplied, type Outcome, outcomeOf } from './outcome.ts';
import { purchaseOf } from './purchase.ts';
import { type Remaining, transactionLeft } from './remaining-transaction.ts';
import { roundPoints } from './round-points.ts';
import type { Question } from './rule-filter.ts';
import type { ZoneClock } from './zone-clock.ts';

/** Points that a capped rule has given the member within the period so far, refunds taken off. */
export type CapUsed = (ruleId: string, period: LimitPeriod, start: PeriodStart) => bigint;

export interface EvaluationInput {
  readonly transaction: Transaction;
  readonly member: MemberFacts;
  /** The evaluation instant, which conditions see as `now`. */
  readonly now: Date;
  readonly capUsed: CapUsed;
  /** What refunds left of the transaction; all of it when absent. */
  readonly remaining?: Remaining;
}

/** What a transaction is worth, and why. */
export interface Award {
  /** Whole points, from 0 to POINTS_MAX. */
  readonly points: bigint;
  /** Whether the rules gave more than POINTS_MAX. Such a transaction must not be credited. */
  readonly exceedsLimit: boolean;
  /** One line for each rule, in the rules' order. Their points add up to the award before it is rounded. */
  readonly explanation: readonly ExplanationLine[];
  /** What to add to each cap's usage: what the rule gave, rounded up. */
  readonly capUsage: readonly CapUsage[];
}

export interface ExplanationLine {
  readonly ruleId: string;
  /** Exact: a decimal, or a fraction such as "1/3". */
  readonly points: string;
  /** How the points came about, or why there are none. */
  readonly note: string;
  readonly applied: boolean;
}

export interface CapUsage extends CapPeriod {
  readonly points: bigint;
}

/**
 * Evaluates a transaction: filter, award, each rule's maximum, the best of each group, multipliers, caps, sum; rounded
 * once, at the end. It never throws, and the same input gives the same award for ever.
 */
export function evaluate(compiled: CompiledRuleSet, input: EvaluationInput): Award {
  const { rules, clock, rounding } = compiled;
  const question = questionOf(compiled, input);
  const startOf = periodStarts(new Date(question.purchase.occurMs), clock);
  const roomOf = (ruleId: string, { points, period }: CompiledCap) => {
    const used = input.capUsed(ruleId, period, startOf(period));
    return whole(used < points ? points - used : 0n);
  };
  const outcomes =
    input.remaining?.nothing === true
      ? rules.map((rule) => notApplied(rule, 'everything was refunded'))
      : rules.map((rule) => outcomeOf(rule, question, roomOf));
  const settled = multiplyAndCap(outcomes);
  const points = roundPoints(sumOf(Array.from(settled.values(), ({ part }) => part)), rounding);
  return {
    points: points > POINTS_MAX ? POINTS_MAX : points,
    exceedsLimit: points > POINTS_MAX,
    explanation: outcomes.map((outcome) => ({
      ruleId: outcome.rule.ruleId,
      points: fractionText(settled.get(outcome)?.part ?? ZERO),
      note: outcome.note,
      applied: outcome.applied,
    })),
    capUsage: capUsage(settled, startOf),
  };
}

function questionOf({ clock }: CompiledRuleSet, input: EvaluationInput): Question {
  const { transaction, member, now, remaining } = input;
  let bindings: ConditionBindings | undefined;
  return {
    purchase: purchaseOf(transaction, remaining),
    clock,
    bindings() {
      bindings ??= conditionBindings({
        transaction:
          remaining === undefined ? transaction : transactionLeft(transaction, remaining),
        member,
        now,
      });
      return bindings;
    },
  };
}

/** Where the periods of a transaction start, told once for all of its capped rules. */
function periodStarts(occurTime: Date, clock: ZoneClock): (period: LimitPeriod) => PeriodStart {
  const known: Partial<Record<LimitPeriod, PeriodStart>> = {};
  return (period) => {
    known[period] ??= periodStart(period, occurTime, clock);
    return known[period];
  };
}

function capUsage(
  settled: ReadonlyMap<Outcome, Settled>,
  startOf: (period: LimitPeriod) => PeriodStart,
): CapUsage[] {
  const usage: CapUsage[] = [];
  for (const [{ rule }, { counted }] of settled) {
    if (rule.cap === undefined || counted === undefined || counted <= 0n) continue;
    const { period } = rule.cap;
    usage.push({ ruleId: rule.ruleId, period, periodStart: startOf(period), points: counted });
  }
  return usage;
}
