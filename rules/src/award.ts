import { RateAward_Mode as Mode } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import type { CountedPurchase } from './counted-purchase.ts';
import { fractionText, moneyText, parseDecimal } from './decimal.ts';
import { divide, type Fraction, multiply, ONE, subtract, whole, ZERO } from './fraction.ts';
import type { EarnRule } from './language.ts';
import type { Matching } from './match.ts';

/** What a rule gives, ready to be computed. Money is in minor units. */
export type CompiledAward =
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

/** Points before any limit, and how they were calculated. */
export interface AwardPoints {
  readonly points: Fraction;
  readonly note: string;
}

export function compileAward({ award }: EarnRule): CompiledAward {
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
export function awardPoints(
  award: CompiledAward,
  purchase: CountedPurchase,
  matching: Matching,
): AwardPoints {
  switch (award.kind) {
    case 'RATE':
      return ratePoints(award, purchase, matching);
    case 'FIXED':
      return { points: award.points, note: 'once per transaction' };
    case 'PER_ITEM': {
      const units = matching.items.reduce((sum, { quantity }) => sum + quantity, 0n);
      if (units === 0n) return { points: ZERO, note: 'the transaction has no items' };
      const points = multiply(award.points, whole(units));
      return { points, note: `${units} × ${fractionText(award.points)} for each unit` };
    }
    case 'MULTIPLIER':
    case 'NOTHING':
      return { points: ZERO, note: 'gives no points by itself' };
    default:
      return award satisfies never;
  }
}

function ratePoints(
  rate: Extract<CompiledAward, { kind: 'RATE' }>,
  purchase: CountedPurchase,
  matching: Matching,
): AwardPoints {
  // Validation refuses 0; a set that bypassed it gives nothing rather than fail.
  if (rate.per.numerator === 0n) return { points: ZERO, note: 'counts steps of no money' };
  const { amount } = matching;
  const steps = rate.proportional
    ? divide(amount, rate.per)
    : whole(amount.numerator / (amount.denominator * rate.per.numerator));
  const share = shareText(purchase, matching);
  if (steps.numerator === 0n) {
    const counted = share ?? moneyText(amount, rate.currencyCode);
    return {
      points: ZERO,
      note: rate.proportional ? `${counted} counted` : `${counted} is less than ${rate.step}`,
    };
  }
  const note = `${fractionText(steps)} × ${rate.step}`;
  return {
    points: multiply(rate.points, steps),
    note: share === undefined ? note : `${note}, counting ${share}`,
  };
}

/** How the counted amount follows from items that sum to more than was paid; undefined where all that was paid counts. */
function shareText(
  { share, items, currencyCode }: CountedPurchase,
  matching: Matching,
): string | undefined {
  if (share === undefined || matching.items.length === items.length) return undefined;
  const counted = matching.items.reduce((sum, { listed }) => sum + listed, 0n);
  const [listed, paid, sum] = [counted, share.paid, share.listed].map((amount) =>
    moneyText(whole(amount), currencyCode),
  );
  return `${listed} × ${paid} ÷ ${sum}`;
}
