import { floor, fraction } from './fraction.ts';
import {
  type ConversionPrice,
  type FixedPrice,
  POINTS_MAX,
  type Reward,
  type Violation,
} from './language.ts';
import type { Money } from './money.ts';

/** What a member asks for: units of a reward with a fixed price, 1 when absent, or points of one with a conversion. */
export interface PriceRequest {
  readonly quantity?: number | undefined;
  readonly points?: bigint | undefined;
}

export interface RewardPrice {
  readonly points: bigint;
  /** What the points of a conversion are worth, rounded down to the minor unit. */
  readonly value?: Money;
}

/** The price of a reward, or what the request got wrong. */
export function priceReward({ price }: Reward, request: PriceRequest): RewardPrice | Violation[] {
  switch (price.case) {
    case 'fixed':
      return priceFixed(price.value, request);
    case 'conversion':
      return priceConversion(price.value, request);
    default:
      return [{ field: 'reward_id', message: 'the reward has no price; set fixed or conversion' }];
  }
}

/** The smallest possible redemption: one unit, or the fewest points of a conversion that are worth something. */
export function smallestRequest({ price }: Reward): PriceRequest {
  if (price.case !== 'conversion') return { quantity: 1 };
  const { points, per, minimumPoints, stepPoints } = price.value;
  const minorUnits = per?.minorUnits ?? 0n;
  const forOneMinorUnit = minorUnits === 0n ? points : (points + minorUnits - 1n) / minorUnits;
  const least = minimumPoints > forOneMinorUnit ? minimumPoints : forOneMinorUnit;
  const step = stepPoints > 0n ? stepPoints : 1n;
  return { points: ((least + step - 1n) / step) * step };
}

/** The value of a number of points of a conversion, rounded down to the minor unit. */
export function conversionValue(price: ConversionPrice, points: bigint): Money {
  const exact = fraction(points * (price.per?.minorUnits ?? 0n), price.points);
  return { currencyCode: price.per?.currencyCode ?? '', minorUnits: floor(exact) };
}

function priceFixed(price: FixedPrice, { quantity = 1, points }: PriceRequest) {
  if (points !== undefined) {
    return [violation('points', 'leave it out: this reward has a fixed price, ask for a quantity')];
  }
  if (quantity < 1) return [violation('quantity', 'must be 1 or more')];
  const total = price.points * BigInt(quantity);
  return total > POINTS_MAX
    ? [violation('quantity', `costs more than ${POINTS_MAX} points; ask for fewer`)]
    : { points: total };
}

function priceConversion(price: ConversionPrice, { quantity = 1, points = 0n }: PriceRequest) {
  const { minimumPoints, maximumPoints, stepPoints } = price;
  const violations: Violation[] = [];
  const refuse = (message: string) => violations.push(violation('points', message));
  if (quantity !== 1)
    violations.push(violation('quantity', 'leave it out: ask for points instead'));
  if (points <= 0n) refuse('say how many points to convert');
  else if (points < minimumPoints) refuse(`must be at least ${minimumPoints}`);
  if (maximumPoints > 0n && points > maximumPoints) refuse(`must be at most ${maximumPoints}`);
  if (stepPoints > 0n && points % stepPoints !== 0n) refuse(`must be a multiple of ${stepPoints}`);
  if (violations.length > 0) return violations;
  const value = conversionValue(price, points);
  if (value.minorUnits > 0n) return { points, value };
  return [violation('points', 'are worth less than the smallest coin; convert more')];
}

function violation(field: string, message: string): Violation {
  return { field, message };
}
