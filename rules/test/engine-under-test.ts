import type { JsonObject } from '@bufbuild/protobuf';
import { compileRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import { type CapUsed, evaluate } from '@loyalty/rules/evaluate.ts';
import type { Fraction } from '@loyalty/rules/fraction.ts';
import {
  afterRefund,
  type RefundPart,
  type Remaining,
  wholePurchase,
} from '@loyalty/rules/remaining-purchase.ts';
import { aPurchase, MEMBER, ruleSet } from './example.ts';
import type { Line } from './recomputation/award.ts';
import { exact, text } from './recomputation/exact.ts';
import type { Return } from './recomputation/purchase.ts';

/** The engine, with answers in the shapes that the recomputation has. */
export function engineFor(rules: object) {
  const compiled = compileRuleSet(ruleSet(rules as JsonObject));
  return (purchase: object, capUsed: CapUsed, remaining?: Remaining) => {
    const { points, exceedsLimit, explanation, capUsage } = evaluate(compiled, {
      purchase: aPurchase(purchase as JsonObject),
      member: MEMBER,
      now: Date.parse('2026-07-01T00:00:00Z'),
      capUsed,
      ...(remaining && { remaining }),
    });
    const lines = explanation.map(
      (line): Line => ({
        ruleId: line.ruleId,
        displayName: line.displayName,
        kind: line.kind,
        points: line.points,
      }),
    );
    const usage = capUsage.map((one) => [
      counterKey(one.ruleId, one.period, one.start),
      one.points,
    ]);
    return { points, exceedsLimit, lines, usage: Object.fromEntries(usage) as Usage };
  };
}

/** What the engine asks `capUsed` about. */
export type CounterId = Parameters<CapUsed>;
type Usage = Readonly<Record<string, bigint>>;

export function counterKey(...[ruleId, period, start]: CounterId): string {
  return `${ruleId} ${period} ${start}`;
}

/** What the engine says that returns leave. */
export class EngineReturns {
  readonly #purchase;
  left: Remaining;

  constructor(purchase: object) {
    this.#purchase = aPurchase(purchase as JsonObject);
    this.left = wholePurchase(this.#purchase);
  }

  /** Takes one more return, or says why not: EXCEEDS, or a fault that the recomputation doesn't know. */
  take(part: Return): string {
    const { currencyCode = '' } = this.#purchase.amount ?? {};
    const next = afterRefund(this.#purchase, this.left, refundPart(part, currencyCode));
    if (!('fault' in next)) {
      this.left = next;
      return 'TAKEN';
    }
    return next.fault === 'EXCEEDS_TRANSACTION' ? 'EXCEEDS' : next.fault;
  }

  description() {
    const { amount, items, fullyReturned } = this.left;
    return {
      amount: textOf(amount),
      items: items.map((item) => ({ counts: textOf(item.amount), units: item.quantity })),
      isFullyReturned: fullyReturned,
    };
  }
}

function refundPart(part: Return, currencyCode: string): RefundPart {
  if (part.kind !== 'AMOUNT') return part;
  const minorUnits = BigInt(part.minorUnits);
  return { kind: 'AMOUNT', amount: { currencyCode, minorUnits } };
}

function textOf({ numerator, denominator }: Fraction): string {
  return text(exact(numerator, denominator));
}
