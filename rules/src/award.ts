import { RateAward_Mode as Mode } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { fractionText, moneyText, parseDecimal } from './decimal.ts';
import { add, divide, type Fraction, multiply, ONE, subtract, whole, ZERO } from './fraction.ts';
import type { EarnRule } from './language.ts';
import type { Purchase, PurchaseItem } from './purchase.ts';

/** What a rule gives. Money is in minor units. */
export type Giving =
  | { readonly kind: 'NOTHING' }
  | {
      readonly kind: 'RATE';
      readonly points: Fraction;
      readonly per: Fraction;
      readonly currencyCode: string;
      /** `per` as people write it. */
      readonly step: string;
      readonly proportional: boolean;
    }
  | { readonly kind: 'FIXED'; readonly points: Fraction }
  | { readonly kind: 'PER_ITEM'; readonly points: Fraction }
  | {
      readonly kind: 'MULTIPLIER';
      readonly factor: Fraction;
      /** The factor less one: what it adds to each point. */
      readonly bonus: Fraction;
    };

/** Points before any limit, and how they came about. */
export interface Given {
  readonly points: Fraction;
  readonly note: string;
}

export function compileGiving({ award }: EarnRule): Giving {
  switch (award.case) {
    case 'rate': {
      const per = whole(award.value.per?.minorUnits ?? 0n);
      const currencyCode = award.value.per?.currencyCode ?? '';
      return {
        kind: 'RATE',
        points: whole(award.value.points),
        per,
        currencyCode,
        step: moneyText(per, currencyCode),
        proportional: award.value.mode === Mode.PROPORTIONAL,
      };
    }
    case 'fixed':
      return { kind: 'FIXED', points: whole(award.value.points) };
    case 'perItem':
      return { kind: 'PER_ITEM', points: whole(award.value.points) };
    case 'multiplier': {
      const factor = parseDecimal(award.value.factor) ?? ONE;
      return { kind: 'MULTIPLIER', factor, bonus: subtract(factor, ONE) };
    }
    default:
      // A kind of award that a later version of the contract added.
      return { kind: 'NOTHING' };
  }
}

/** What a rule gives for a purchase that it applies to; a multiplier gives nothing by itself. */
export function give(
  giving: Giving,
  purchase: Purchase,
  matching: { readonly items: readonly PurchaseItem[]; readonly ofItems: boolean },
): Given {
  switch (giving.kind) {
    case 'RATE': {
      const amount = matching.ofItems ? sumOfAmounts(matching.items) : purchase.amount;
      return giveRate(giving, amount);
    }
    case 'FIXED':
      return { points: giving.points, note: 'once per transaction' };
    case 'PER_ITEM': {
      const units = matching.items.reduce((sum, { quantity }) => sum + quantity, 0n);
      const points = multiply(giving.points, whole(units));
      return { points, note: `${units} × ${fractionText(giving.points)} for each unit` };
    }
    case 'MULTIPLIER':
    case 'NOTHING':
      return { points: ZERO, note: 'gives no points by itself' };
  }
}

function giveRate(rate: Extract<Giving, { kind: 'RATE' }>, amount: Fraction): Given {
  // Validation refuses 0; a set that came past it gives nothing rather than fail.
  if (rate.per.numerator === 0n) return { points: ZERO, note: 'counts steps of no money' };
  const steps = rate.proportional
    ? divide(amount, rate.per)
    : whole(amount.numerator / (amount.denominator * rate.per.numerator));
  if (steps.numerator === 0n) {
    const counted = moneyText(amount, rate.currencyCode);
    return {
      points: ZERO,
      note: rate.proportional ? `${counted} counted` : `${counted} is less than ${rate.step}`,
    };
  }
  return { points: multiply(rate.points, steps), note: `${fractionText(steps)} × ${rate.step}` };
}

function sumOfAmounts(items: readonly PurchaseItem[]): Fraction {
  return items.reduce((sum, { amount }) => add(sum, amount), ZERO);
}
