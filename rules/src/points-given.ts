import { fractionText, readFraction } from './decimal.ts';
import { type ExplanationLine, isOfMultiplier } from './explanation.ts';
import { add, divide, type Fraction, multiply, ONE, sumOf, ZERO } from './fraction.ts';

/** What a rule gave of an award; negative for a multiplier below 1. */
export type RulePoints = Pick<ExplanationLine, 'ruleId' | 'displayName' | 'points'>;

/**
 * The rules that gave points, in their order, each with what is left of its points after all limits. Their sum is the award
 * before rounding. A cap takes from what a rule gives after multipliers, so the rule and the multipliers bear what it takes
 * pro rata, as do all rules what the rule set's own limits take.
 */
export function pointsGiven(explanation: readonly ExplanationLine[]): readonly RulePoints[] {
  const lines = explanation.filter(
    ({ kind, points }) => (kind === 'RULE' || kind === 'MAXIMUM') && points !== '0',
  );
  const cuts = explanation.filter(({ kind }) => kind === 'CAP');
  const setCuts = explanation.filter(({ kind }) => kind === 'SET_MAXIMUM' || kind === 'SET_CAP');
  if (cuts.length === 0 && setCuts.length === 0) return lines.map(rulePoints);

  const base = total(lines.filter((line) => !isOfMultiplier(line)));
  const multiplied = total(lines);
  const capped = add(multiplied, total(cuts));
  const ownShare = share(base, multiplied);
  const multiplierShare = share(capped, multiplied);
  const setShare = share(add(capped, total(setCuts)), capped);
  const cutOf = new Map(cuts.map(({ ruleId, points }) => [ruleId, readFraction(points)]));
  const left = (line: ExplanationLine) => {
    const own = readFraction(line.points);
    return isOfMultiplier(line)
      ? multiply(own, multiplierShare)
      : add(own, multiply(cutOf.get(line.ruleId) ?? ZERO, ownShare));
  };
  return lines
    .map((line) => rulePoints({ ...line, points: fractionText(multiply(left(line), setShare)) }))
    .filter(({ points }) => points !== '0');
}

function rulePoints({ ruleId, displayName, points }: ExplanationLine): RulePoints {
  return { ruleId, displayName, points };
}

function total(lines: readonly ExplanationLine[]): Fraction {
  return sumOf(lines.map(({ points }) => readFraction(points)));
}

/** How much of each point is left; where there is none, nothing is taken. */
function share(left: Fraction, all: Fraction): Fraction {
  return all.numerator === 0n ? ONE : divide(left, all);
}
