import type { CompiledCap } from './compile-rule-set.ts';
import { fractionText } from './decimal.ts';
import { keepBestOfGroups } from './exclusive-group.ts';
import {
  add,
  ceiling,
  commonDenominator,
  compare,
  divide,
  type Fraction,
  fraction,
  isPositive,
  multiply,
  numeratorOver,
  ONE,
  product,
  smaller,
  subtract,
  sumOf,
  ZERO,
} from './fraction.ts';
import type { LimitPeriod } from './limit-period.ts';
import { type Outcome, within } from './outcome.ts';

/** What a rule gave in the end. */
export interface Settled {
  /** Its own part of the award: without what multipliers added to it, which is theirs. The parts add up to the award. */
  readonly part: Fraction;
  /** What its cap counts: with what multipliers added to it, rounded up; undefined without a cap. */
  readonly counted: bigint | undefined;
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
    const multiplied = product(points, growth);
    settled.set(award, {
      part: smaller(points, room),
      counted: ceiling(smaller(multiplied, room)),
    });
    if (compare(room, multiplied) < 0) noteCap(award);
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
  let sum = base;
  let counted = sumWithinCaps(growth);
  // As with awards, what a cap leaves of it doesn't count here.
  const worth = (multiplier: Outcome) =>
    within(unlimitedBonusOn(base, multiplier), multiplier.rule.maximum);
  for (const multiplier of keepBestOfGroups(multipliers, worth)) {
    if (!isPositive(sum)) {
      multiplier.applied = false;
      multiplier.note = 'there are no points to multiply';
      continue;
    }
    const unlimited = unlimitedBonusOn(sum, multiplier);
    const bonus = within(within(unlimited, multiplier.rule.maximum), multiplier.room);
    if (bonus === unlimited) {
      const factor = factorOf(multiplier);
      sum = multiply(sum, factor);
      growth = multiply(growth, factor);
    } else {
      sum = add(sum, bonus);
      growth = divide(sum, base);
    }
    multiplier.note = multiplierNote(multiplier, { unlimited, counted });
    const before = counted;
    counted = sumWithinCaps(growth);
    const part = subtract(counted, before);
    added.set(multiplier, { part, counted: multiplier.room && ceiling(part) });
  }
  return { growth, added };
}

/**
 * What awards give together once multipliers made so much of each of their points. Only capped ones are looked at
 * singly, as whole numbers over one denominator: lowest terms for each would take longer than all the rest.
 */
function sumWithinCapsOf(awards: readonly Outcome[]): (growth: Fraction) => Fraction {
  const denominator = commonDenominator(awards.map(({ points }) => points));
  let uncapped = 0n;
  const capped: { points: bigint; room: bigint }[] = [];
  for (const { points, room } of awards) {
    const numerator = numeratorOver(denominator, points);
    if (room === undefined) uncapped += numerator;
    else capped.push({ points: numerator, room: numeratorOver(denominator, room) });
  }
  return (growth) => {
    let sum = uncapped * growth.numerator;
    for (const { points, room } of capped) {
      const [multiplied, limit] = [points * growth.numerator, room * growth.denominator];
      sum += multiplied < limit ? multiplied : limit;
    }
    return fraction(sum, denominator * growth.denominator);
  };
}

/** What a multiplier adds to a sum of points: negative when its factor is below 1. */
function unlimitedBonusOn(sum: Fraction, { rule: { giving } }: Outcome): Fraction {
  return giving.kind === 'MULTIPLIER' ? multiply(sum, giving.bonus) : ZERO;
}

function factorOf({ rule: { giving } }: Outcome): Fraction {
  return giving.kind === 'MULTIPLIER' ? giving.factor : ONE;
}

function isMultiplier({ rule }: Outcome): boolean {
  return rule.giving.kind === 'MULTIPLIER';
}

function multiplierNote(
  multiplier: Outcome,
  { unlimited, counted }: { readonly unlimited: Fraction; readonly counted: Fraction },
): string {
  const { maximum, cap } = multiplier.rule;
  const { room } = multiplier;
  const note = `× ${fractionText(factorOf(multiplier))} on ${fractionText(counted)}`;
  if (cap !== undefined && room !== undefined && compare(within(unlimited, maximum), room) > 0) {
    return `${note}, its bonus limited to ${fractionText(room)} by its cap of ${capText(cap)}`;
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
