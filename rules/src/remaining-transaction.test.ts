import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { evaluateFor, ruleSet, transaction } from '../test/example.ts';
import { fraction, whole } from './fraction.ts';
import {
  afterRefund,
  type RefundFault,
  type RefundPart,
  type Remaining,
  transactionLeft,
  wholeTransaction,
} from './remaining-transaction.ts';

const usd = (minorUnits: number) => ({ currencyCode: 'USD', minorUnits: String(minorUnits) });
const item = (itemId: string, quantity: number, minorUnits: number): JsonObject => ({
  itemId,
  quantity,
  amount: usd(minorUnits),
});
/** 100.00 with 10.00 shipping. */
const ORDER = transaction({
  amount: usd(10_000),
  items: [item('wine', 3, 6_000), item('cheese', 2, 3_000)],
});
const amount = (minorUnits: number, currencyCode = 'USD'): RefundPart => ({
  kind: 'AMOUNT',
  amount: { $typeName: 'loyalty.programs.v1.Money', currencyCode, minorUnits: BigInt(minorUnits) },
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
  }, wholeTransaction(ORDER));
}

function faultOf(left: Remaining, part: RefundPart): RefundFault | undefined {
  const next = afterRefund(ORDER, left, part);
  return 'fault' in next ? next : undefined;
}

describe('a refund', () => {
  test('of an amount shrinks the items pro rata and keeps their quantities', () => {
    const left = after(amount(2_500));
    expect(left.amount).toEqual(whole(7_500n));
    expect(left.items.get('wine')).toEqual({ quantity: 3n, amount: whole(4_500n) });
    expect(left.nothing).toBe(false);
  });

  test('of units takes their share off the item and off the amount', () => {
    const left = after(units('wine', 1), amount(1));
    expect(left.amount).toEqual(whole(7_999n));
    expect(left.items.get('wine')).toEqual({ quantity: 2n, amount: fraction(7_999n, 2n) });
  });

  test('of all items leaves what was paid beside them', () => {
    const left = after(units('wine', 3), units('cheese', 2));
    expect(left).toMatchObject({ amount: whole(1_000n), nothing: false });
  });

  test('of all money leaves nothing, whichever way', () => {
    expect(after({ kind: 'FULL' }).nothing).toBe(true);
    expect(after(amount(10_000)).nothing).toBe(true);
    expect(after(units('wine', 3), units('cheese', 2), amount(1_000)).nothing).toBe(true);
    expect(after({ kind: 'FULL' }, { kind: 'FULL' }).nothing).toBe(true);
  });

  test('of more than is left is refused', () => {
    expect(faultOf(after(amount(9_000)), amount(1_001))).toEqual({
      fault: 'EXCEEDS_TRANSACTION',
      message: '10.01 USD is more than the 10.00 USD that are left',
    });
    expect(faultOf(after(units('wine', 2)), units('wine', 2))).toMatchObject({
      fault: 'EXCEEDS_TRANSACTION',
    });
  });

  test('of something else is refused', () => {
    expect(faultOf(after(), amount(1, 'EUR'))).toMatchObject({ fault: 'NOT_OF_TRANSACTION' });
    expect(faultOf(after(), units('beer', 1))).toMatchObject({ fault: 'NOT_OF_TRANSACTION' });
  });

  test('of goods that cost more than was paid stops at what was paid', () => {
    const discounted = transaction({ amount: usd(4_000), items: [item('wine', 1, 6_000)] });
    const left = afterRefund(discounted, wholeTransaction(discounted), units('wine', 1));
    expect(left).toMatchObject({ nothing: true });
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
        const rest = Number(left.amount.numerator);
        const end = rest === 0 ? left : afterRefund(ORDER, left, amount(rest));
        expect(end).toMatchObject({ nothing: true });
      }),
    );
  });

  test('is seen by conditions in whole cents', () => {
    const left = transactionLeft(ORDER, after(amount(1), units('wine', 2), units('cheese', 2)));
    expect(left.amount?.minorUnits).toBe(2_999n);
    expect(left.items.map(({ itemId, quantity }) => [itemId, quantity])).toEqual([['wine', 1]]);
    expect(left.items[0]?.amount?.minorUnits).toBe(1_999n);
  });
});
