import type { CompiledCap } from './compile-rule-set.ts';
import { fractionText } from './decimal.ts';
import { keepBestOfGroups } from './exclusive-group.ts';
import {
  add,
  compare,
  divide,
  type Fraction,
  isPositive,
  multiply,
  ONE,
  smaller,
  subtract,
} from './fraction.ts';
import type { LimitPeriod } from './limit-period.ts';
import { bonusOn, type Outcome, sumOf, unlimitedBonusOn, within } from './outcome.ts';

/** What a rule gave in the end. */
export interface Settled {
  /** Its own part of the award: without what multipliers added to it, which is theirs. The parts add up to the award. */
  readonly part: Fraction;
  /** What its cap counts: with what multipliers added to it; undefined without a cap. */
  readonly counted: Fraction | undefined;
}

/** Best of each group, multipliers, caps. Writes into the outcomes why a rule gave less than it could, or nothing. */
export function multiplyAndCap(outcomes: readonly Outcome[]): ReadonlyMap<Outcome, Settled> {
  const applied = outcomes.filter((outcome) => outcome.applied);
  const awards = keepBestOfGroups(
    applied.filter((outcome) => !isMultiplier(outcome)),
    ({ points }) => points,
  );
  const { growth, added } = multiplyAll(
    awards,
    applied.filter((outcome) => isMultiplier(outcome)),
  );

  const settled = new Map<Outcome, Settled>(added);
  for (const award of awards) {
    const { points, room } = award;
    if (room === undefined) {
      settled.set(award, { part: points, counted: undefined });
      continue;
    }
    const multiplied = multiply(points, growth);
    const counted = smaller(multiplied, room);
    settled.set(award, { part: smaller(points, room), counted });
    if (compare(counted, multiplied) < 0) noteCap(award);
  }
  return settled;
}

/**
 * Lets the multipliers work one after the other, in the rules' order, on what the awards gave; answers what they make
 * of one point together. What one adds is counted within the awards' caps: a point that an award may not give can't be
 * multiplied either.
 */
function multiplyAll(awards: readonly Outcome[], multipliers: readonly Outcome[]) {
  const added = new Map<Outcome, Settled>();
  let growth = ONE;
  if (multipliers.length === 0) return { growth, added };

  const base = sumOf(awards.map(({ points }) => points));
  const sumWithinCaps = sumWithinCapsOf(awards);
  let counted = sumWithinCaps(growth);
  for (const multiplier of keepBestOfGroups(multipliers, (outcome) => bonusOn(base, outcome))) {
    const sum = multiply(base, growth);
    if (!isPositive(sum)) {
      multiplier.applied = false;
      multiplier.note = 'there are no points to multiply';
      continue;
    }
    growth = multiply(growth, growthOf(sum, multiplier));
    multiplier.note = multiplierNote(multiplier, { sum, counted });
    const before = counted;
    counted = sumWithinCaps(growth);
    const bonus = subtract(counted, before);
    added.set(multiplier, { part: bonus, counted: bonus });
  }
  return { growth, added };
}

/** What awards give together once multipliers made so much of each of their points. Only capped ones are looked at singly. */
function sumWithinCapsOf(awards: readonly Outcome[]): (growth: Fraction) => Fraction {
  const uncapped = sumOf(
    awards.filter(({ room }) => room === undefined).map(({ points }) => points),
  );
  const capped = awards.filter(({ room }) => room !== undefined);
  return (growth) =>
    capped.reduce(
      (sum, { points, room }) => add(sum, within(multiply(points, growth), room)),
      multiply(uncapped, growth),
    );
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
