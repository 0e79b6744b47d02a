import { commonDenominator, type Fraction, fraction, numeratorOver } from './fraction.ts';
import type { Outcome } from './outcome.ts';

/** What the awards give after multipliers and their own caps. */
export interface CappedAwards {
  readonly sum: Fraction;
  /** What each capped rule gives, rounded up to whole points. */
  readonly counted: ReadonlyMap<Outcome, bigint>;
  /** The awards that their cap cut, in the rules' order, and by how much: negative. */
  readonly cuts: readonly { readonly award: Outcome; readonly points: Fraction }[];
}

/**
 * Cuts each capped award, once multipliers made `growth` of each of its points, to the room that its cap has. Only
 * capped ones are handled one by one, as whole numbers over one denominator: lowest terms for each would take longer
 * than all the rest.
 */
export function capAwards(awards: readonly Outcome[], growth: Fraction): CappedAwards {
  const denominator = commonDenominator(awards.map(({ points }) => points));
  const scale = denominator * growth.denominator;
  const counted = new Map<Outcome, bigint>();
  const cuts: CappedAwards['cuts'][number][] = [];
  let sum = 0n;
  for (const award of awards) {
    const multiplied = numeratorOver(denominator, award.points) * growth.numerator;
    if (award.room === undefined) {
      sum += multiplied;
      continue;
    }
    const limit = award.room.numerator * scale;
    const given = multiplied < limit ? multiplied : limit;
    sum += given;
    counted.set(award, (given + scale - 1n) / scale);
    if (multiplied > limit) cuts.push({ award, points: fraction(limit - multiplied, scale) });
  }
  return { sum: fraction(sum, scale), counted, cuts };
}
