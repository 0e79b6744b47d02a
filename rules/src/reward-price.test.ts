import { fromJson, type JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { RewardSchema } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { type PriceRequest, priceReward, smallestRequest } from './reward-price.ts';

const price = (json: JsonObject, request: PriceRequest) =>
  priceReward(fromJson(RewardSchema, json), request);
const GLASS = { fixed: { points: '10' } };
const VOUCHER = {
  conversion: {
    points: '100',
    per: { currencyCode: 'USD', minorUnits: '100' },
    minimumPoints: '200',
    maximumPoints: '5000',
    stepPoints: '50',
  },
};

describe('a fixed price', () => {
  test('is for each unit, and one unit when nothing is said', () => {
    expect(price(GLASS, { quantity: 3 })).toEqual({ points: 30n });
    expect(price(GLASS, {})).toEqual({ points: 10n });
  });

  test('is refused for points, fewer than none and more than anyone can have', () => {
    expect(price(GLASS, { quantity: 1, points: 5n })).toMatchObject([{ field: 'points' }]);
    expect(price(GLASS, { points: 0n })).toMatchObject([{ field: 'points' }]);
    expect(price(GLASS, { quantity: 0 })).toMatchObject([{ field: 'quantity' }]);
    expect(price({ fixed: { points: '1000000000' } }, { quantity: 2_000_000_000 })).toMatchObject([
      { field: 'quantity' },
    ]);
  });
});

describe('a conversion', () => {
  test('is worth what its points are, rounded down to the cent', () => {
    expect(price(VOUCHER, { points: 250n })).toMatchObject({
      points: 250n,
      value: { currencyCode: 'USD', minorUnits: 250n },
    });
    const thirds = {
      conversion: { points: '3', per: { currencyCode: 'USD', minorUnits: '1' } },
    };
    expect(price(thirds, { points: 11n })).toMatchObject({
      points: 11n,
      value: { minorUnits: 3n },
    });
    expect(price(thirds, { points: 2n })).toMatchObject([{ field: 'points' }]);
  });

  test.each([
    [undefined, 'say how many points to convert'],
    [0n, 'say how many points to convert'],
    [150n, 'must be at least 200'],
    [5050n, 'must be at most 5000'],
    [220n, 'must be a multiple of 50'],
  ])('of %s points is refused: %s', (points, message) => {
    expect(price(VOUCHER, { points })).toEqual([{ field: 'points', message }]);
  });

  test('has no quantity', () => {
    expect(price(VOUCHER, { quantity: 2, points: 250n })).toMatchObject([{ field: 'quantity' }]);
  });
});

test('a reward without a price is refused', () => {
  expect(price({}, { quantity: 1 })).toMatchObject([{ field: 'reward_id' }]);
});

test.each<[string, JsonObject, bigint]>([
  ['its minimum', { minimumPoints: '250' }, 250n],
  ['the first step above its minimum', { minimumPoints: '250', stepPoints: '100' }, 300n],
  ['its step', { stepPoints: '40' }, 40n],
  ['the points that one cent costs', { points: '30' }, 30n],
  ['no fewer points than a cent costs', { points: '30', minimumPoints: '10' }, 30n],
  ['a step that is worth a cent', { points: '30', stepPoints: '20' }, 40n],
  ['one point, where that is worth a cent', { points: '1' }, 1n],
  [
    'the points that a cent costs, where they are no whole number, rounded up',
    { points: '10', per: { currencyCode: 'USD', minorUnits: '3' } },
    4n,
  ],
])('the least that can be asked of a conversion is %s', (_, terms, points) => {
  const one = { points: '1', per: { currencyCode: 'USD', minorUnits: '1' } };
  const voucher = fromJson(RewardSchema, { conversion: { ...one, ...terms } });
  const least = smallestRequest(voucher);
  expect(least).toEqual({ points });
  expect(priceReward(voucher, least)).toMatchObject({ points });
  expect(priceReward(voucher, { points: points - 1n })).toBeInstanceOf(Array);
});

test('the least that can be asked at a fixed price is one unit', () => {
  const glass = fromJson(RewardSchema, GLASS);
  expect(smallestRequest(glass)).toEqual({ quantity: 1 });
  expect(priceReward(glass, smallestRequest(glass))).toEqual({ points: 10n });
});
