import { describe, expect, test } from '@jest/globals';
import { RuleSet_Rounding as Rounding } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { fraction } from './fraction.ts';
import { roundPoints } from './round-points.ts';

describe('points are rounded', () => {
  const tenths = [120n, 121n, 124n, 125n, 126n, 130n, 135n];
  test.each([
    ['FLOOR', Rounding.FLOOR, [12n, 12n, 12n, 12n, 12n, 13n, 13n]],
    ['FLOOR when unspecified', Rounding.ROUNDING_UNSPECIFIED, [12n, 12n, 12n, 12n, 12n, 13n, 13n]],
    ['HALF_UP', Rounding.HALF_UP, [12n, 12n, 12n, 13n, 13n, 13n, 14n]],
    ['HALF_EVEN', Rounding.HALF_EVEN, [12n, 12n, 12n, 12n, 13n, 13n, 14n]],
    ['CEILING', Rounding.CEILING, [12n, 13n, 13n, 13n, 13n, 13n, 14n]],
  ])('%s', (_, rounding, rounded) => {
    expect(tenths.map((points) => roundPoints(fraction(points, 10n), rounding))).toEqual(rounded);
  });

  test('by what lies beyond any decimal', () => {
    const aboveHalf = fraction(10n ** 40n + 1n, 2n * 10n ** 40n);
    expect(roundPoints(aboveHalf, Rounding.HALF_EVEN)).toBe(1n);
  });
});
