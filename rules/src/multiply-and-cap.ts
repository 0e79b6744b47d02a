import type { CompiledCap } from './compile-rule-set.ts';
import { fractionText } from './decimal.ts';
import { keepBestOfGroups } from './exclusive-group.ts';
import { add, compare, divide, type Fraction, isPositive, multiply, subtract } from './fraction.ts';
import type { LimitPeriod } from './limit-period.ts';
import { bonusOn, type Outcome, sumOf, unlimitedBonusOn, within } from './outcome.ts';

/** What a rule gave in the end. */
export interface Settled {
  /** Its own part of the award: without what multipliers added to it, which is theirs. The parts add up to the award. */
  readonly part: Fraction;
  /** What its cap counts: with what multipliers added to it. */
  readonly counted: Fraction;
}

/** Best of each group, multipliers, caps. Writes into the outcomes why a rule gave less than it could, or nothing. */
export function multiplyAndCap(outcomes: readonly Outcome[]): ReadonlyMap<Outcome, Settled> {
  const applied = outcomes.filter((outcome) => outcome.applied);
  const awards = keepBestOfGroups(
    applied.filter((outcome) => !isMultiplier(outcome)),
    ({ points }) => points,
  );
  const { multiplied, added } = multiplyAll(
    awards,
    applied.filter((outcome) => isMultiplier(outcome)),
  );

  const settled = new Map<Outcome, Settled>(added);
  awards.forEach((award, index) => {
    const after = multiplied[index] ?? award.points;
    const counted = within(after, award.room);
    settled.set(award, { part: within(award.points, award.room), counted });
    if (compare(counted, after) < 0) noteCap(award);
  });
  return settled;
}

/**
 * Lets the multipliers work one after the other, in the rules' order, on what the awards gave. What one adds is counted
 * within the awards' caps: a point that an award may not give can't be multiplied either.
 */
function multiplyAll(awards: readonly Outcome[], multipliers: readonly Outcome[]) {
  const added = new Map<Outcome, Settled>();
  let multiplied = awards.map(({ points }) => points);
  if (multipliers.length === 0) return { multiplied, added };

  const sumWithinCaps = (points: readonly Fraction[]) =>
    sumOf(points.map((value, index) => within(value, awards[index]?.room)));
  const base = sumOf(multiplied);
  for (const multiplier of keepBestOfGroups(multipliers, (outcome) => bonusOn(base, outcome))) {
    const sum = sumOf(multiplied);
    if (!isPositive(sum)) {
      multiplier.applied = false;
      multiplier.note = 'there are no points to multiply';
      continue;
    }
    const growth = growthOf(sum, multiplier);
    const next = multiplied.map((points) => multiply(points, growth));
    const counted = sumWithinCaps(multiplied);
    const bonus = subtract(sumWithinCaps(next), counted);
    added.set(multiplier, { part: bonus, counted: bonus });
    multiplier.note = multiplierNote(multiplier, { sum, counted });
    multiplied = next;
  }
  return { multiplied, added };
}

/** The factor, or a smaller one that adds no more than the multiplier may. */
function growthOf(sum: Fraction, multiplier: Outcome): Fraction {
  const { giving } = multiplier.rule;
  const bonus = bonusOn(sum, multiplier);
  const limited = compare(bonus, unlimitedBonusOn(sum, multiplier.rule)) < 0;
  return giving.kind === 'MULTIPLIER' && !limited ? giving.factor : divide(add(sum, bonus), sum);
}

function isMultiplier({ rule }: Outcome): boolean {
  return rule.giving.kind === 'MULTIPLIER';
}

function multiplierNote(
  multiplier: Outcome,
  { sum, counted }: { readonly sum: Fraction; readonly counted: Fraction },
): string {
  const { giving, maximum, cap } = multiplier.rule;
  if (giving.kind !== 'MULTIPLIER') return '';
  const note = `× ${fractionText(giving.factor)} on ${fractionText(counted)}`;
  const unlimited = unlimitedBonusOn(sum, multiplier.rule);
  if (cap !== undefined && multiplier.room !== undefined) {
    const room = multiplier.room;
    if (compare(within(unlimited, maximum), room) > 0) {
      return `${note}, its bonus limited to ${fractionText(room)} by its cap of ${capText(cap)}`;
    }
  }
  return maximum !== undefined && compare(unlimited, maximum) > 0
    ? `${note}, its bonus limited to its maximum of ${fractionText(maximum)}`
    : note;
}

function noteCap(award: Outcome): void {
  const { points, room, rule } = award;
  if (room === undefined || rule.cap === undefined) return;
  if (!isPositive(room)) {
    award.applied = false;
    award.note = `${award.note}, but its cap of ${capText(rule.cap)} is used up`;
    return;
  }
  const what = compare(points, room) > 0 ? 'limited' : 'with multipliers limited';
  award.note = `${award.note}, ${what} to ${fractionText(room)} by its cap of ${capText(rule.cap)}`;
}

const PERIOD_TEXT: Readonly<Record<LimitPeriod, string>> = {
  DAY: 'per day',
  WEEK: 'per week',
  MONTH: 'per month',
  LIFETIME: 'for life',
};

function capText({ points, period }: CompiledCap): string {
  return `${points} ${PERIOD_TEXT[period]}`;
}
