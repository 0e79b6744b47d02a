import { awardPoints } from './award.ts';
import type { CompiledCap, CompiledRule } from './compile-rule-set.ts';
import { fractionText } from './decimal.ts';
import type { LineKind } from './explanation.ts';
import { compare, type Fraction, smaller, ZERO } from './fraction.ts';
import { filterRule, type RuleContext } from './rule-filter.ts';

/** One rule on its way through an evaluation. */
export interface Outcome {
  readonly rule: CompiledRule;
  /** Whether the rule passed its filter: only then it counts, and competes in its group. */
  readonly passed: boolean;
  /** An award's points after its own maximum, before multipliers and its cap; 0 for a multiplier. */
  readonly points: Fraction;
  /** What the rule's cap leaves of its period; undefined without a cap. */
  readonly room: Fraction | undefined;
  /** The rule's own line, which later steps may rewrite. */
  line: { readonly kind: LineKind; readonly points: Fraction; readonly note: string };
}

/** Filter, award and the rule's own maximum. */
export function outcomeOf(
  rule: CompiledRule,
  context: RuleContext,
  roomOf: (ruleId: string, cap: CompiledCap) => Fraction,
): Outcome {
  const matching = filterRule(rule, context);
  if (typeof matching === 'string') return outcomeWithout(rule, matching);
  const { award, maximum, cap } = rule;
  const room = cap && roomOf(rule.ruleId, cap);
  const { points, note } = awardPoints(award, context.purchase, matching);
  if (maximum === undefined || compare(points, maximum) <= 0) {
    return { rule, passed: true, points, room, line: { kind: 'RULE', points, note } };
  }
  const limited = `${note} = ${fractionText(points)}, limited to its maximum of ${fractionText(maximum)}`;
  const line = { kind: 'MAXIMUM', points: maximum, note: limited } as const;
  return { rule, passed: true, points: maximum, room, line };
}

/** A rule that gives nothing, and why. */
export function outcomeWithout(rule: CompiledRule, note: string): Outcome {
  const line = { kind: 'RULE', points: ZERO, note } as const;
  return { rule, passed: false, points: ZERO, room: undefined, line };
}

export function within(points: Fraction, limit: Fraction | undefined): Fraction {
  return limit === undefined ? points : smaller(points, limit);
}
