import { capAwards } from './cap-awards.ts';
import { capText } from './cap-text.ts';
import {
  type CapPeriod,
  type CompiledCap,
  type CompiledRuleSet,
  RULE_SET_CAP_ID,
} from './compile-rule-set.ts';
import { type ConditionBindings, conditionBindings } from './condition/condition.ts';
import { countedPurchaseOf } from './counted-purchase.ts';
import { fractionText } from './decimal.ts';
import { keepBestOfGroups } from './exclusive-group.ts';
import type { ExplanationLine } from './explanation.ts';
import { ceiling, compare, type Fraction, smaller, subtract, whole, ZERO } from './fraction.ts';
import type { Instant } from './instant.ts';
import { type MemberFacts, POINTS_MAX, type Purchase } from './language.ts';
import { type LimitPeriod, periodStart } from './limit-period.ts';
import { multiplyAll } from './multiply.ts';
import { type Outcome, outcomeOf, outcomeWithout, within } from './outcome.ts';
import { purchaseLeft, type Remaining } from './remaining-purchase.ts';
import { roundingText, roundPoints } from './round-points.ts';
import type { RuleContext } from './rule-filter.ts';
import type { ZoneClock } from './zone-clock.ts';

/**
 * The number of what the same input is worth, and how that is explained. It rises with every change of the engine that
 * gives another award or other words in its explanation, so that an earn says by which engine it was decided.
 */
export const SEMANTICS = 1;

/** Points that a cap has counted for the member within the period so far, refunds taken off. */
export type CapUsed = (ruleId: string, period: LimitPeriod, start: Instant) => bigint;

export interface EvaluationInput {
  readonly purchase: Purchase;
  readonly member: MemberFacts;
  /** The evaluation instant, which conditions see as `now`. */
  readonly now: Instant;
  readonly capUsed: CapUsed;
  /** What refunds left of the purchase; all of it when absent. */
  readonly remaining?: Remaining;
}

/** What a purchase is worth, and why. */
export interface Award {
  /** Whole points, from 0 to POINTS_MAX. */
  readonly points: bigint;
  /** Whether the rules gave more than POINTS_MAX. Such a purchase must not be credited. */
  readonly exceedsLimit: boolean;
  /**
   * One line for each rule, in the rules' order, then one for each limit that took something and for rounding. Their
   * points sum to what the rules gave.
   */
  readonly explanation: readonly ExplanationLine[];
  /** What to add to each cap's usage. */
  readonly capUsage: readonly CapUsage[];
}

export interface CapUsage extends CapPeriod {
  /** What a rule gave before the rule set's limits, rounded up; of the rule set's own cap, the points given. */
  readonly points: bigint;
}

/**
 * Evaluates a purchase: filter, award, each rule's maximum, the best of each group, multipliers, each rule's cap, sum,
 * the rule set's maximum and cap; rounded once, at the end. It never throws, and the same input gives the same award
 * each time.
 */
export function evaluate(compiled: CompiledRuleSet, input: EvaluationInput): Award {
  const { rules, clock, rounding } = compiled;
  const context = contextOf(compiled, input);
  const startOf = periodStarts(context.purchase.occurMs, clock);
  const roomOf = (ruleId: string, { points, period }: CompiledCap) => {
    const used = input.capUsed(ruleId, period, startOf(period));
    return whole(used < points ? points - used : 0n);
  };
  const outcomes =
    input.remaining?.fullyReturned === true
      ? rules.map((rule) => outcomeWithout(rule, 'everything was refunded'))
      : rules.map((rule) => outcomeOf(rule, context, roomOf));
  const { awards, multipliers } = contenders(outcomes);
  const { growth } = multiplyAll(awards, multipliers);
  const { sum, counted, cuts } = capAwards(awards, growth);
  const limited = limitTotal(sum, compiled, roomOf);
  const points = roundPoints(limited.total, rounding);
  const fraction = subtract(whole(points), limited.total);
  return {
    points: points > POINTS_MAX ? POINTS_MAX : points,
    exceedsLimit: points > POINTS_MAX,
    explanation: [
      ...outcomes.map(({ rule, line }) => ruleLine(rule, line)),
      ...cuts.map(({ award, points: cut }) =>
        ruleLine(award.rule, { kind: 'CAP', points: cut, note: capNote(award) }),
      ),
      ...limited.lines,
      ...(fraction.numerator === 0n
        ? []
        : [setLine({ kind: 'ROUNDING', points: fraction, note: roundingText(rounding) })]),
    ],
    capUsage: capUsage(compiled, { counted, multipliers, points, startOf }),
  };
}

/** The awards that count, best of their groups only, and all multipliers that passed their filter. */
function contenders(outcomes: readonly Outcome[]) {
  const awards: Outcome[] = [];
  const multipliers: Outcome[] = [];
  for (const outcome of outcomes) {
    if (!outcome.passed) continue;
    (outcome.rule.award.kind === 'MULTIPLIER' ? multipliers : awards).push(outcome);
  }
  const worth = ({ points, room }: Outcome) => within(points, room);
  return { awards: keepBestOfGroups(awards, worth), multipliers };
}

/** Keeps the sum within the rule set's own maximum and cap. */
function limitTotal(
  sum: Fraction,
  { maximum, cap }: CompiledRuleSet,
  roomOf: (ruleId: string, cap: CompiledCap) => Fraction,
): { readonly total: Fraction; readonly lines: readonly ExplanationLine[] } {
  const lines: ExplanationLine[] = [];
  let total = sum;
  if (maximum !== undefined && compare(maximum, total) < 0) {
    const note = `at most ${fractionText(maximum)} for one transaction, whatever the rules give`;
    lines.push(setLine({ kind: 'SET_MAXIMUM', points: subtract(maximum, total), note }));
    total = maximum;
  }
  if (cap === undefined) return { total, lines };
  const room = roomOf(RULE_SET_CAP_ID, cap);
  if (compare(room, total) < 0) {
    const note = leftNote(`the cap of ${capText(cap)} over all rules`, room);
    lines.push(setLine({ kind: 'SET_CAP', points: subtract(room, total), note }));
  }
  return { total: smaller(total, room), lines };
}

function contextOf({ clock }: CompiledRuleSet, input: EvaluationInput): RuleContext {
  const { purchase, member, now, remaining } = input;
  let bindings: ConditionBindings | undefined;
  return {
    purchase: countedPurchaseOf(purchase, remaining),
    clock,
    bindings() {
      bindings ??= conditionBindings({
        transaction: remaining === undefined ? purchase : purchaseLeft(purchase, remaining),
        member,
        now,
      });
      return bindings;
    },
  };
}

/** Where the periods of a purchase start, computed once for all of its capped rules. */
function periodStarts(occurTime: Instant, clock: ZoneClock): (period: LimitPeriod) => Instant {
  const known: Partial<Record<LimitPeriod, Instant>> = {};
  return (period) => {
    known[period] ??= periodStart(period, occurTime, clock);
    return known[period];
  };
}

function capUsage(
  { cap }: CompiledRuleSet,
  given: {
    readonly counted: ReadonlyMap<Outcome, bigint>;
    readonly multipliers: readonly Outcome[];
    readonly points: bigint;
    readonly startOf: (period: LimitPeriod) => Instant;
  },
): CapUsage[] {
  const usage: CapUsage[] = [];
  const add = (ruleId: string, limit: CompiledCap | undefined, points: bigint) => {
    if (limit === undefined || points <= 0n) return;
    const { period } = limit;
    usage.push({ ruleId, period, start: given.startOf(period), points });
  };
  for (const [{ rule }, points] of given.counted) add(rule.ruleId, rule.cap, points);
  // A multiplier's cap counts what its line says, before the awards' caps.
  for (const { rule, line } of given.multipliers) add(rule.ruleId, rule.cap, ceiling(line.points));
  add(RULE_SET_CAP_ID, cap, given.points);
  return usage;
}

function ruleLine(
  { ruleId, displayName }: Outcome['rule'],
  { kind, points, note }: Outcome['line'],
): ExplanationLine {
  return { kind, ruleId, displayName, points: fractionText(points), note };
}

function setLine({ kind, points, note }: Outcome['line']): ExplanationLine {
  return { kind, ruleId: '', displayName: '', points: fractionText(points), note };
}

function capNote({ rule: { cap }, room = ZERO }: Outcome): string {
  return cap === undefined ? '' : leftNote(`its cap of ${capText(cap)}`, room);
}

function leftNote(cap: string, room: Fraction): string {
  return room.numerator > 0n ? `${cap} leaves ${fractionText(room)}` : `${cap} is used up`;
}
