import { give } from './award.ts';
import type { CompiledCap, CompiledRule } from './compile-rule-set.ts';
import { fractionText } from './decimal.ts';
import { compare, type Fraction, isPositive, smaller, ZERO } from './fraction.ts';
import { filterRule, type Question } from './rule-filter.ts';

/** What becomes of one rule in the course of an evaluation. */
export interface Outcome {
  readonly rule: CompiledRule;
  applied: boolean;
  note: string;
  /** An award's points before multipliers and its cap; 0 for a multiplier. */
  readonly points: Fraction;
  /** What the rule's cap leaves of its period; undefined without a cap. */
  readonly room: Fraction | undefined;
}

/** Filter, award and the rule's own maximum. */
export function outcomeOf(
  rule: CompiledRule,
  question: Question,
  roomOf: (ruleId: string, cap: CompiledCap) => Fraction,
): Outcome {
  const filtered = filterRule(rule, question);
  if (typeof filtered === 'string') return notApplied(rule, filtered);
  const { giving, match, maximum, cap } = rule;
  const room = cap && roomOf(rule.ruleId, cap);
  if (giving.kind === 'MULTIPLIER') {
    return { rule, applied: true, note: '', points: ZERO, room };
  }
  const given = give(giving, question.purchase, { items: filtered, ofItems: match.ofItems });
  if (!isPositive(given.points)) return notApplied(rule, given.note);
  if (maximum === undefined || compare(given.points, maximum) <= 0) {
    return { rule, applied: true, note: given.note, points: given.points, room };
  }
  const note = `${given.note} = ${fractionText(given.points)}, limited to its maximum of ${fractionText(maximum)}`;
  return { rule, applied: true, note, points: maximum, room };
}

export function notApplied(rule: CompiledRule, note: string): Outcome {
  return { rule, applied: false, note, points: ZERO, room: undefined };
}

export function within(points: Fraction, limit: Fraction | undefined): Fraction {
  return limit === undefined ? points : smaller(points, limit);
}
