import { describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { beginningOfTime, endOfTime } from '@loyalty/rules/instant.ts';
import { allocate, inConsumptionOrder, type Lot, type LotClass, take } from './lot.ts';

const membership = { inactivityExpiresAt: 500 };

function lot(expiresAt: number, remaining: bigint, changes: Partial<Lot> = {}): Lot {
  return { availableAt: beginningOfTime, expiresAt, class: 'NORMAL', remaining, ...changes };
}

describe('the order in which points are spent', () => {
  test('what expires first goes first, what never expires last', () => {
    const lots = [lot(endOfTime, 1n), lot(200, 2n), lot(100, 3n)];
    expect(inConsumptionOrder(lots, membership).map(({ remaining }) => remaining)).toEqual([
      3n,
      2n,
      1n,
    ]);
  });

  test('points that expire by inactivity stand at the date of the membership', () => {
    const inactivity = lot(endOfTime, 1n, { class: 'INACTIVITY' });
    const ordered = inConsumptionOrder([lot(501, 2n), inactivity, lot(499, 3n)], membership);
    expect(ordered.map(({ remaining }) => remaining)).toEqual([3n, 1n, 2n]);
  });

  test('of lots that expire together, the one that matured first goes first, then by class', () => {
    const lots = [
      lot(100, 1n, { availableAt: 20 }),
      lot(100, 2n, { availableAt: 10 }),
      lot(100, 3n, { availableAt: 10, class: 'GRACE' }),
    ];
    expect(inConsumptionOrder(lots, membership).map(({ remaining }) => remaining)).toEqual([
      3n,
      2n,
      1n,
    ]);
  });
});

describe('taking points', () => {
  test('empties one lot before it touches the next, and tells what each gave', () => {
    const taken = take([lot(100, 3n), lot(200, 5n), lot(300, 7n)], 4n);
    expect(taken.map(({ expiresAt, points }) => [expiresAt, points])).toEqual([
      [100, -3n],
      [200, -1n],
    ]);
  });

  test('more than there is is a fault of the ledger, not an answer', () => {
    expect(() => take([lot(100, 3n)], 4n)).toThrow('lack 1 points');
  });

  const anyLot = fc.record({
    availableAt: fc.constantFrom(beginningOfTime, 10, 20),
    expiresAt: fc.constantFrom(100, 200, endOfTime),
    class: fc.constantFrom<LotClass>('NORMAL', 'INACTIVITY', 'GRACE'),
    remaining: fc.bigInt(0n, 1000n),
  });
  const anyLots = fc.uniqueArray(anyLot, {
    selector: (each) => `${each.availableAt}/${each.expiresAt}/${each.class}`,
  });

  test('whatever is taken is missing afterwards, from lots that had it', () => {
    fc.assert(
      fc.property(anyLots, fc.nat(100), (lots, percent) => {
        const total = lots.reduce((sum, { remaining }) => sum + remaining, 0n);
        const points = (total * BigInt(percent)) / 100n;
        const after = allocate(lots, take(inConsumptionOrder(lots, membership), points));
        expect(after.every(({ remaining }) => remaining >= 0n)).toBe(true);
        expect(after.reduce((sum, { remaining }) => sum + remaining, 0n)).toBe(total - points);
      }),
    );
  });

  test('what was taken and given back leaves the lots as they were', () => {
    fc.assert(
      fc.property(anyLots, (lots) => {
        const total = lots.reduce((sum, { remaining }) => sum + remaining, 0n);
        const taken = take(lots, total / 2n);
        const returned = taken.map((each) => ({ ...each, points: -each.points }));
        expect(allocate(allocate(lots, taken), returned)).toEqual(lots);
      }),
    );
  });
});
