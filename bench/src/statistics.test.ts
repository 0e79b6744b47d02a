import { describe, expect, test } from '@jest/globals';
import { percentiles, ratioOf, slopeOf, spreadOf } from './statistics.ts';

describe('the spread of rounds', () => {
  test('has the middle one of an odd number as its median, whatever their order', () => {
    expect(spreadOf([10, 9, 100])).toEqual({ median: 10, min: 9, max: 100 });
  });

  test('has the mean of the two middle ones of an even number as its median', () => {
    expect(spreadOf([4, 1, 2, 100])).toEqual({ median: 3, min: 1, max: 100 });
  });

  test('of a single round is that round', () => {
    expect(spreadOf([7])).toEqual({ median: 7, min: 7, max: 7 });
  });

  test('of no round is refused', () => {
    expect(() => spreadOf([])).toThrow(RangeError);
  });
});

describe('a ratio', () => {
  test('is taken within each round, so that a slow machine slows both sides', () => {
    expect(ratioOf([300, 30, 40], [200, 20, 10])).toEqual({ median: 1.5, min: 1.5, max: 4 });
  });

  test('of different numbers of rounds is refused', () => {
    expect(() => ratioOf([1, 2], [1])).toThrow("2 rounds can't be compared with 1");
  });
});

describe('percentiles', () => {
  test('are values that occurred, found by nearest rank', () => {
    const oneToHundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentiles(oneToHundred, { p50: 0.5, p99: 0.99, max: 1 })).toEqual({
      p50: 50,
      p99: 99,
      max: 100,
    });
  });

  test('order numbers as numbers and not as text', () => {
    expect(percentiles([9, 100, 10], { p50: 0.5 })).toEqual({ p50: 10 });
  });

  test('of few values are one of them', () => {
    expect(percentiles([5, 6], { p1: 0.01, p99: 0.99 })).toEqual({ p1: 5, p99: 6 });
  });
});

describe('a slope', () => {
  test('is that of a line', () => {
    const points = [1, 2, 5].map((x) => ({ x, y: 100 - 4 * x }));
    expect(slopeOf(points)).toBeCloseTo(-4);
  });

  test('averages what lies beside it', () => {
    const points = [
      { x: 0, y: 1 },
      { x: 1, y: 0 },
      { x: 2, y: 3 },
      { x: 3, y: 2 },
    ];
    expect(slopeOf(points)).toBeCloseTo(0.6);
  });

  test('needs two different points', () => {
    expect(() => slopeOf([{ x: 1, y: 1 }])).toThrow('a slope needs two points');
  });
});
