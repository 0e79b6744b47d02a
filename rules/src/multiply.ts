import { capText } from './cap-text.ts';
import { fractionText } from './decimal.ts';
import { keepBestOfGroups } from './exclusive-group.ts';
import { MULTIPLIES } from './explanation.ts';
import {
  add,
  compare,
  divide,
  type Fraction,
  isPositive,
  multiply,
  ONE,
  sumOf,
  ZERO,
} from './fraction.ts';
import { type Outcome, within } from './outcome.ts';

/**
 * Lets the multipliers work one after the other, in the rules' order, on what the awards give, and writes what each adds
 * into its line. Returns the factor by which each point grows: what a limited one adds is spread over the awards pro rata.
 */
export function multiplyAll(
  awards: readonly Outcome[],
  multipliers: readonly Outcome[],
): { readonly growth: Fraction } {
  if (multipliers.length === 0) return { growth: ONE };
  const base = sumOf(awards.map(({ points }) => points));
  const worth = (multiplier: Outcome) => limited(unlimitedBonus(base, multiplier), multiplier);
  let sum = base;
  let growth = ONE;
  for (const multiplier of keepBestOfGroups(multipliers, worth)) {
    if (!isPositive(sum)) {
      multiplier.line = { ...multiplier.line, note: 'there are no points to multiply' };
      continue;
    }
    const unlimited = unlimitedBonus(sum, multiplier);
    const bonus = limited(unlimited, multiplier);
    multiplier.line = lineOf(multiplier, { sum, unlimited, bonus });
    if (bonus === unlimited) {
      const factor = factorOf(multiplier);
      sum = multiply(sum, factor);
      growth = multiply(growth, factor);
    } else {
      sum = add(sum, bonus);
      growth = divide(sum, base);
    }
  }
  return { growth };
}

/** What a multiplier adds to a sum of points: negative when its factor is below 1. */
function unlimitedBonus(sum: Fraction, { rule: { award } }: Outcome): Fraction {
  return award.kind === 'MULTIPLIER' ? multiply(sum, award.bonus) : ZERO;
}

/** The same object where nothing limits it. */
function limited(bonus: Fraction, { rule, room }: Outcome): Fraction {
  return within(within(bonus, rule.maximum), room);
}

function factorOf({ rule: { award } }: Outcome): Fraction {
  return award.kind === 'MULTIPLIER' ? award.factor : ONE;
}

function lineOf(
  multiplier: Outcome,
  { sum, unlimited, bonus }: Readonly<Record<'sum' | 'unlimited' | 'bonus', Fraction>>,
): Outcome['line'] {
  const { maximum, cap } = multiplier.rule;
  const { room } = multiplier;
  const isCut = maximum !== undefined && compare(unlimited, maximum) > 0;
  const limits = [
    ...(isCut ? [`its bonus limited to its maximum of ${fractionText(maximum)}`] : []),
    ...(cap !== undefined && room !== undefined && compare(within(unlimited, maximum), room) > 0
      ? [`its bonus limited to ${fractionText(room)} by its cap of ${capText(cap)}`]
      : []),
  ];
  const product = `${MULTIPLIES} ${fractionText(factorOf(multiplier))} on ${fractionText(sum)}`;
  return {
    kind: isCut ? 'MAXIMUM' : 'RULE',
    points: bonus,
    note: [product, ...limits].join(', '),
  };
}
