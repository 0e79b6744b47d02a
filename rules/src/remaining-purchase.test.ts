import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { aPurchase, evaluateFor, ruleSet } from '../test/example.ts';
import { ceiling, fraction, whole, ZERO } from './fraction.ts';
import {
  afterRefund,
  purchaseLeft,
  type RefundFault,
  type RefundPart,
  type Remaining,
  wholePurchase,
} from './remaining-purchase.ts';

const usd = (minorUnits: number) => ({ currencyCode: 'USD', minorUnits: String(minorUnits) });
const item = (itemId: string, quantity: number, minorUnits: number): JsonObject => ({
  itemId,
  quantity,
  amount: usd(minorUnits),
});
/** 100.00 with 10.00 shipping. */
const ORDER = aPurchase({
  amount: usd(10_000),
  items: [item('wine', 3, 6_000), item('cheese', 2, 3_000)],
});
const amount = (minorUnits: number, currencyCode = 'USD'): RefundPart => ({
  kind: 'AMOUNT',
  amount: { currencyCode, minorUnits: BigInt(minorUnits) },
});
const units = (itemId: string, quantity: number): RefundPart => ({
  kind: 'ITEMS',
  items: [{ itemId, quantity }],
});

function after(...parts: RefundPart[]): Remaining {
  return parts.reduce((left, part) => {
    const next = afterRefund(ORDER, left, part);
    if ('fault' in next) throw new Error(next.message);
    return next;
  }, wholePurchase(ORDER));
}

function faultOf(left: Remaining, part: RefundPart): RefundFault | undefined {
  const next = afterRefund(ORDER, left, part);
  return 'fault' in next ? next : undefined;
}

/** What a series of refunds leaves of the item, its units and what they count. */
function leftOf(left: Remaining, itemId: string) {
  return left.items[ORDER.items.findIndex((each) => each.itemId === itemId)];
}

describe('a refund', () => {
  test('of an amount comes off what belongs to no item first, then off the items pro rata', () => {
    expect(after(amount(700))).toMatchObject({ amount: whole(9_300n), rest: whole(300n) });
    expect(leftOf(after(amount(700)), 'wine')?.amount).toEqual(whole(6_000n));
    const left = after(amount(5_500));
    expect(left).toMatchObject({ amount: whole(4_500n), rest: ZERO, fullyReturned: false });
    expect(leftOf(left, 'wine')).toEqual({ quantity: 3n, amount: whole(3_000n) });
    expect(leftOf(left, 'cheese')).toEqual({ quantity: 2n, amount: whole(1_500n) });
  });

  test('of units takes their part of what the item counts by now', () => {
    const left = after(units('wine', 1), amount(1_001));
    expect(left.amount).toEqual(whole(6_999n));
    expect(leftOf(left, 'wine')).toEqual({ quantity: 2n, amount: fraction(27_996n, 7n) });
  });

  test('of all items leaves what was paid beside them', () => {
    const left = after(units('wine', 3), units('cheese', 2));
    expect(left).toMatchObject({ amount: whole(1_000n), fullyReturned: false });
  });

  test('of all money returns the purchase, whichever way, and only a full one takes the units', () => {
    const all = [whole(0n), true];
    const fields = ({ amount: left, fullyReturned }: Remaining) => [left, fullyReturned];
    expect(fields(after({ kind: 'FULL' }))).toEqual(all);
    expect(fields(after(amount(10_000)))).toEqual(all);
    expect(fields(after(units('wine', 3), units('cheese', 2), amount(1_000)))).toEqual(all);
    expect(fields(after({ kind: 'FULL' }, { kind: 'FULL' }))).toEqual(all);
    expect(leftOf(after({ kind: 'FULL' }), 'wine')?.quantity).toBe(0n);
    expect(leftOf(after(amount(10_000), units('wine', 1)), 'wine')?.quantity).toBe(2n);
  });

  test('of several items is the same in any order', () => {
    const both = (...names: string[]): RefundPart => ({
      kind: 'ITEMS',
      items: names.map((itemId) => ({ itemId, quantity: 1 })),
    });
    expect(after(both('wine', 'cheese'))).toEqual(after(both('cheese', 'wine')));
  });

  test('of more than is left is refused', () => {
    expect(faultOf(after(amount(9_000)), amount(1_001))).toEqual({
      fault: 'EXCEEDS_TRANSACTION',
      message: '10.01 USD is more than the 10.00 USD that are left',
    });
    expect(faultOf(after(units('wine', 2)), units('wine', 2))).toEqual({
      fault: 'EXCEEDS_TRANSACTION',
      message: '2 units of item wine are more than the 1 that are left',
    });
    expect(faultOf(after(), units('beer', 1))).toEqual({
      fault: 'EXCEEDS_TRANSACTION',
      message: 'The transaction has no item beer',
    });
    expect(faultOf(after({ kind: 'FULL' }), units('wine', 1))?.fault).toBe('EXCEEDS_TRANSACTION');
  });

  test('in another currency is refused', () => {
    expect(faultOf(after(), amount(1, 'EUR'))).toEqual({
      fault: 'OTHER_CURRENCY',
      message: "must be USD, the transaction's currency",
    });
  });

  test('of nothing changes nothing', () => {
    const left = after(units('wine', 1));
    expect(afterRefund(ORDER, left, amount(0))).toBe(left);
  });

  describe('where the items sum to more than was paid', () => {
    /** Three items of 10.00, which the shop sold for 10.00 in all. */
    const bargain = aPurchase({
      amount: usd(1_000),
      items: ['1', '2', '3'].map((id) => item(id, 1, 1_000)),
    });
    const one = afterRefund(bargain, wholePurchase(bargain), units('1', 1)) as Remaining;

    test('takes the share that the item counts', () => {
      expect(one).toMatchObject({ amount: fraction(2_000n, 3n), rest: ZERO });
    });

    test('may be as much as is left rounded up to a whole cent', () => {
      expect(afterRefund(bargain, one, amount(667))).toMatchObject({
        amount: ZERO,
        fullyReturned: true,
      });
      expect(afterRefund(bargain, one, amount(668))).toMatchObject({
        message: '6.68 USD is more than the 6.67 USD that are left',
      });
    });

    test('leaves nothing where it would leave less than a cent', () => {
      expect(afterRefund(bargain, one, amount(666))).toMatchObject({ fullyReturned: true });
      expect(afterRefund(bargain, one, amount(665))).toMatchObject({
        amount: fraction(5n, 3n),
        fullyReturned: false,
      });
    });
  });

  describe('of a free gift', () => {
    const withGift = aPurchase({
      amount: usd(1_000),
      items: [item('wine', 1, 1_000), item('glass', 2, 0)],
    });
    const free = aPurchase({ amount: usd(0), items: [item('glass', 2, 0)] });

    test('can be reported after the purchase was fully returned', () => {
      const left = afterRefund(withGift, wholePurchase(withGift), units('wine', 1)) as Remaining;
      expect(left.fullyReturned).toBe(true);
      expect(afterRefund(withGift, left, units('glass', 2))).toMatchObject({
        fullyReturned: true,
        items: [{ quantity: 0n }, { quantity: 0n }],
      });
    });

    test('returns a purchase of 0.00 with its last unit', () => {
      const left = afterRefund(free, wholePurchase(free), units('glass', 1)) as Remaining;
      expect(left.fullyReturned).toBe(false);
      expect(afterRefund(free, left, amount(0))).toMatchObject({ fullyReturned: false });
      expect(afterRefund(free, left, units('glass', 1))).toMatchObject({ fullyReturned: true });
    });
  });
});

describe('what is left', () => {
  const rules = ruleSet({
    earnRules: [
      { ruleId: 'rate', rate: { points: '7', per: usd(300), mode: 'PROPORTIONAL' } },
      { ruleId: 'units', perItem: { points: '5' } },
      { ruleId: 'big', fixed: { points: '9' }, condition: 'transaction.amount.minor_units > 5000' },
    ],
  });
  const worth = (remaining: Remaining) => evaluateFor(rules, ORDER, { remaining }).points;

  test('is worth what the rules give for it, conditions included', () => {
    expect(worth(after())).toBe(267n);
    expect(worth(after(amount(5_000)))).toBe(141n);
  });

  test('is worth nothing when it is nothing, whatever the rules give per transaction', () => {
    const award = evaluateFor(rules, ORDER, { remaining: after({ kind: 'FULL' }) });
    expect(award.points).toBe(0n);
    expect(award.explanation.map(({ note }) => note)).toEqual(
      Array(3).fill('everything was refunded'),
    );
  });

  test('is never worth more than before, and nothing in the end', () => {
    const parts = fc.array(fc.integer({ min: 1, max: 4_000 }), { maxLength: 10 });
    fc.assert(
      fc.property(parts, (refunds) => {
        let left = after();
        for (const minorUnits of refunds) {
          const next = afterRefund(ORDER, left, amount(minorUnits));
          if ('fault' in next) break;
          expect(worth(next)).toBeLessThanOrEqual(worth(left));
          left = next;
        }
        const end = afterRefund(ORDER, left, amount(Number(ceiling(left.amount))));
        expect(end).toMatchObject({ fullyReturned: true });
      }),
    );
  });

  test('is seen by conditions in whole cents, of each item as much as was sent of it', () => {
    const left = purchaseLeft(ORDER, after(amount(1_001), units('wine', 2), units('cheese', 2)));
    expect(left.amount?.minorUnits).toBe(1_999n);
    expect(left.items.map(({ itemId, quantity }) => [itemId, quantity])).toEqual([['wine', 1]]);
    expect(left.items[0]?.amount?.minorUnits).toBe(1_999n);
    const half = aPurchase({
      amount: usd(500),
      items: [item('wine', 2, 1_000), item('glass', 4, 0)],
    });
    const one = afterRefund(half, wholePurchase(half), units('wine', 1)) as Remaining;
    const seen = purchaseLeft(half, afterRefund(half, one, units('glass', 1)) as Remaining);
    expect(seen.amount?.minorUnits).toBe(250n);
    expect(seen.items.map(({ quantity, amount: money }) => [quantity, money?.minorUnits])).toEqual([
      [1, 500n],
      [3, 0n],
    ]);
  });
});
