import { RuleSet_Rounding as Rounding } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { ceiling, type Fraction, floor } from './fraction.ts';

/** Makes whole points of a fraction that isn't negative. */
export function roundPoints(points: Fraction, rounding: Rounding): bigint {
  if (points.denominator === 1n) return points.numerator;
  switch (rounding) {
    case Rounding.CEILING:
      return ceiling(points);
    case Rounding.HALF_UP:
      return half(points) >= 0 ? floor(points) + 1n : floor(points);
    case Rounding.HALF_EVEN:
      return half(points) > 0 || (half(points) === 0 && floor(points) % 2n === 1n)
        ? floor(points) + 1n
        : floor(points);
    default:
      return floor(points);
  }
}

const ROUNDING_TEXT: Partial<Record<Rounding, string>> = {
  [Rounding.CEILING]: 'rounded up to whole points',
  [Rounding.HALF_UP]: 'rounded to the nearest whole point, a half up',
  [Rounding.HALF_EVEN]: 'rounded to the nearest whole point, a half to the even one',
};

/** How points are rounded, as an explanation says it. */
export function roundingText(rounding: Rounding): string {
  return ROUNDING_TEXT[rounding] ?? 'rounded down to whole points';
}

/** How the part after the point compares with one half. */
function half(points: Fraction): number {
  const twice = (points.numerator - floor(points) * points.denominator) * 2n;
  return twice < points.denominator ? -1 : twice > points.denominator ? 1 : 0;
}
