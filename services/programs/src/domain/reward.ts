import { isCurrencyCode } from './currency.ts';
import type { Violation } from './errors.ts';

export type RewardState = 'ACTIVE' | 'ARCHIVED';
export type LimitPeriod = 'DAY' | 'WEEK' | 'MONTH' | 'LIFETIME';

export interface FixedPrice {
  readonly kind: 'FIXED';
  /** For one unit. */
  readonly points: bigint;
}

/** So many points are worth so much; bounds are 0 where there is none. */
export interface ConversionPrice {
  readonly kind: 'CONVERSION';
  readonly points: bigint;
  readonly per: { readonly currencyCode: string; readonly minorUnits: bigint };
  readonly minimumPoints: bigint;
  readonly maximumPoints: bigint;
  readonly stepPoints: bigint;
}

/** What an operator decides about a reward. */
export interface RewardOffer {
  readonly displayName: string;
  readonly state: RewardState;
  readonly price: FixedPrice | ConversionPrice;
  /** In all; undefined is no limit. */
  readonly stockLimit: bigint | undefined;
  readonly memberLimit: { readonly count: number; readonly period: LimitPeriod } | undefined;
  /** Start inclusive, end exclusive. */
  readonly availability: {
    readonly startTime: Date | undefined;
    readonly endTime: Date | undefined;
  };
  /** CEL over `member` and `now`; empty is always true. */
  readonly condition: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Reward extends RewardOffer {
  readonly programId: string;
  readonly rewardId: string;
  /** The program's revision in which the reward last changed. */
  readonly changedIn: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** The most rewards that a program can have: all of them travel in its snapshot. */
export const rewardsPerProgramMax = 1_000;

export function rewardEtag(reward: Reward): string {
  return `${reward.changedIn}`;
}

/** What is wrong with an offer apart from its condition, with paths below `reward`. */
export function offerViolations(offer: RewardOffer): Violation[] {
  const violations: Violation[] = [];
  if (offer.displayName === '') {
    violations.push({ field: 'reward.display_name', message: 'must be set' });
  }
  const { startTime, endTime } = offer.availability;
  if (startTime !== undefined && endTime !== undefined && startTime >= endTime) {
    violations.push({
      field: 'reward.availability.end_time',
      message: 'must be later than start_time',
    });
  }
  if (offer.price.kind === 'CONVERSION') violations.push(...conversionViolations(offer.price));
  return violations;
}

function conversionViolations(price: ConversionPrice): Violation[] {
  const violations: Violation[] = [];
  const { per, minimumPoints, maximumPoints, stepPoints } = price;
  if (!isCurrencyCode(per.currencyCode)) {
    violations.push({
      field: 'reward.conversion.per.currency_code',
      message: `"${per.currencyCode}" is not a currency of ISO 4217`,
    });
  }
  if (per.minorUnits === 0n) {
    violations.push({
      field: 'reward.conversion.per.minor_units',
      message: 'must be greater than 0',
    });
  }
  if (maximumPoints === 0n) return violations;
  if (minimumPoints > maximumPoints) {
    violations.push({
      field: 'reward.conversion.maximum_points',
      message: 'must not be less than minimum_points',
    });
  } else if (
    stepPoints > 0n &&
    (maximumPoints / stepPoints) * stepPoints < max(minimumPoints, 1n)
  ) {
    violations.push({
      field: 'reward.conversion.step_points',
      message: 'has no multiple between minimum_points and maximum_points',
    });
  }
  return violations;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
