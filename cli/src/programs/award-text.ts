import type { Money } from '@loyalty/proto/loyalty/programs/v1/money_pb.ts';
import type { MemberLimit_Period, Reward } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import {
  Cap_Period,
  type EarnRule,
  RateAward_Mode,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { moneyText } from '@loyalty/rules/decimal.ts';
import { fraction } from '@loyalty/rules/fraction.ts';

/** What a rule gives, such as `5 points for each full 100.00 USD`. */
export function awardText({ award }: EarnRule): string {
  switch (award.case) {
    case 'rate': {
      const { points, per, mode } = award.value;
      const full = mode === RateAward_Mode.PROPORTIONAL ? '' : 'full ';
      return `${pointsText(points)} for each ${full}${amountText(per)}`;
    }
    case 'fixed':
      return `${pointsText(award.value.points)} for each purchase`;
    case 'perItem':
      return `${pointsText(award.value.points)} for each unit`;
    case 'multiplier':
      return `${award.value.factor} times the points`;
    default:
      return 'nothing';
  }
}

/** What a reward costs, such as `10 points`. */
export function priceText({ price }: Reward): string {
  switch (price.case) {
    case 'fixed':
      return pointsText(price.value.points);
    case 'conversion': {
      const { points, per, minimumPoints, maximumPoints, stepPoints } = price.value;
      const limits = [
        ...(minimumPoints > 0n ? [`at least ${minimumPoints}`] : []),
        ...(maximumPoints > 0n ? [`at most ${maximumPoints}`] : []),
        ...(stepPoints > 0n ? [`in steps of ${stepPoints}`] : []),
      ];
      const text = `${pointsText(points)} for each ${amountText(per)}`;
      return limits.length === 0 ? text : `${text} (${limits.join(', ')})`;
    }
    default:
      return 'nothing';
  }
}

/** The period of a limit, such as `day`. */
export function periodText({ period }: { period: Cap_Period | MemberLimit_Period }): string {
  // Both enums have the same numbers.
  switch (period) {
    case Cap_Period.DAY:
      return 'day';
    case Cap_Period.WEEK:
      return 'week';
    case Cap_Period.MONTH:
      return 'month';
    default:
      return 'lifetime';
  }
}

function pointsText(points: bigint): string {
  return points === 1n ? '1 point' : `${points} points`;
}

function amountText(money: Money | undefined): string {
  return moneyText(fraction(money?.minorUnits ?? 0n, 1n), money?.currencyCode ?? '');
}
