import { RateAward_Mode as Mode } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { leastCommonMultiple } from './fraction.ts';
import type { EarnRule, Violation } from './language.ts';

/**
 * Arithmetic is exact, so the length of its numbers is what an evaluation costs: unrelated denominators multiply, and
 * each multiplier makes them longer. Within these limits 100 rules take a few milliseconds, beyond them seconds.
 */
export const MULTIPLIERS_MAX = 20;
const DENOMINATOR_MAX = 2n ** 128n;

export function arithmeticViolations(rules: readonly EarnRule[]): Violation[] {
  return [...denominatorViolations(rules), ...multiplierViolations(rules)];
}

/** Rates of different currencies never meet in one evaluation. */
function denominatorViolations(rules: readonly EarnRule[]): Violation[] {
  const common = new Map<string, bigint>();
  return rules.flatMap(({ award }, index) => {
    if (award.case !== 'rate' || award.value.mode !== Mode.PROPORTIONAL) return [];
    const { currencyCode = '', minorUnits = 0n } = award.value.per ?? {};
    if (minorUnits <= 0n) return [];
    const denominator = leastCommonMultiple(common.get(currencyCode) ?? 1n, minorUnits);
    if (denominator <= DENOMINATOR_MAX) {
      common.set(currencyCode, denominator);
      return [];
    }
    const message = `has too little in common with the earlier proportional rates in ${currencyCode} to be added up exactly; use amounts that divide each other, such as 100, 500 and 1000, or mode STEP`;
    return [{ field: `earn_rules[${index}].rate.per.minor_units`, message }];
  });
}

function multiplierViolations(rules: readonly EarnRule[]): Violation[] {
  let multipliers = 0;
  return rules.flatMap(({ award }, index) => {
    if (award.case !== 'multiplier') return [];
    multipliers += 1;
    if (multipliers <= MULTIPLIERS_MAX) return [];
    const message = `is one multiplier more than the ${MULTIPLIERS_MAX} that a rule set can have; multiply their factors into fewer`;
    return [{ field: `earn_rules[${index}].multiplier`, message }];
  });
}
