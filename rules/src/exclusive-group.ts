import { fractionText } from './decimal.ts';
import { compare, type Fraction, ZERO } from './fraction.ts';
import type { Outcome } from './outcome.ts';

/**
 * Of the outcomes in each group keeps the one that is worth the most, the first of equals; the lines of the others say
 * so. Outcomes in no group are all kept.
 */
export function keepBestOfGroups(
  outcomes: readonly Outcome[],
  worth: (outcome: Outcome) => Fraction,
): readonly Outcome[] {
  const best = new Map<string, { outcome: Outcome; worth: Fraction }>();
  for (const outcome of outcomes) {
    const group = outcome.rule.exclusiveGroup;
    if (group === '') continue;
    const candidate = { outcome, worth: worth(outcome) };
    const leader = best.get(group);
    if (leader === undefined || compare(candidate.worth, leader.worth) > 0) {
      best.set(group, candidate);
    }
  }
  if (best.size === 0) return outcomes;
  return outcomes.filter((outcome) => {
    const leader = best.get(outcome.rule.exclusiveGroup);
    if (leader === undefined || leader.outcome === outcome) return true;
    const { ruleId, exclusiveGroup } = leader.outcome.rule;
    const note = `would give ${fractionText(worth(outcome))}, but of group ${exclusiveGroup} only ${ruleId} counts, which gives ${fractionText(leader.worth)}`;
    outcome.line = { kind: 'GROUP', points: ZERO, note };
    return false;
  });
}
