import type { Instant } from '@loyalty/rules/instant.ts';
import { periodStart } from '@loyalty/rules/limit-period.ts';
import { type CompiledReward, rewardRefusal } from '@loyalty/rules/reward-availability.ts';
import { type PriceRequest, priceReward, type RewardPrice } from '@loyalty/rules/reward-price.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { missingPoints } from '../domain/available.ts';
import { type Refusal, RewardNotFound } from '../domain/errors.ts';
import type { Account } from '../domain/journal.ts';
import type { Redemption } from '../domain/redemption-state.ts';
import { factsOf } from './evaluation.ts';
import type { UsagePeriod } from './ledger-store.ts';
import type { ProgramDefinition } from './program-catalog.ts';

/** What someone asks of a reward: units where the price is fixed, 1 when absent, and points where it is a conversion. */
export interface RewardRequest extends PriceRequest {
  readonly rewardId: string;
}

/** How much of a reward is taken already. */
export interface RewardTaken {
  /** Units taken of its stock, by all members. */
  readonly stock: bigint;
  /** Units taken by the member, in the period of the limit. */
  readonly byMember: bigint;
}

export function unitsOf({ quantity = 1 }: PriceRequest): number {
  return quantity;
}

/** @throws {RewardNotFound} */
export function requireOffer(program: ProgramDefinition, rewardId: string): CompiledReward {
  const offer = program.rewards.get(rewardId);
  if (offer === undefined) throw new RewardNotFound(rewardId);
  return offer;
}

/** @throws {ValidationFailed} when the request doesn't fit the kind of price */
export function priceOf({ reward }: CompiledReward, request: RewardRequest): RewardPrice {
  const price = priceReward(reward, request);
  if (Array.isArray(price)) throw new ValidationFailed(price);
  return price;
}

/** How much the points of a conversion are worth; undefined where units are bought. */
export function rateOf({ reward: { price } }: CompiledReward): Redemption['rate'] {
  if (price.case !== 'conversion') return undefined;
  const { points, per } = price.value;
  return { points, minorUnits: per?.minorUnits ?? 0n };
}

/** The period in which a redemption at `now` counts against the member's limit; undefined without a limit. */
export function usagePeriodOf(
  { reward, memberLimit }: CompiledReward,
  { program, now }: { program: ProgramDefinition; now: Instant },
): UsagePeriod | undefined {
  if (memberLimit === undefined) return undefined;
  const start = periodStart(memberLimit.period, now, program.clock);
  return { rewardId: reward.rewardId, period: memberLimit.period, start };
}

/** Units; undefined where the stock has no limit. A limit below what is taken leaves nothing. */
export function stockLeftOf(
  { reward: { stock } }: CompiledReward,
  taken: bigint,
): bigint | undefined {
  if (stock === undefined) return undefined;
  const left = (stock.limit ?? 0n) - taken;
  return left > 0n ? left : 0n;
}

/** Every business reason against a redemption, the ones that the member can't help first. */
export function obstaclesTo(redeeming: {
  offer: CompiledReward;
  request: RewardRequest;
  price: RewardPrice;
  account: Account;
  taken: RewardTaken;
  now: Instant;
}): Refusal[] {
  const { offer, account, taken } = redeeming;
  const units = BigInt(unitsOf(redeeming.request));
  const obstacles: Refusal[] = [];
  const asked = { member: factsOf(account), now: redeeming.now };
  const refusal = rewardRefusal(offer, asked);
  if (refusal !== undefined) obstacles.push({ reason: refusal.reason, metadata: {} });
  const stockLeft = stockLeftOf(offer, taken.stock);
  if (stockLeft !== undefined && units > stockLeft) {
    obstacles.push({ reason: 'OUT_OF_STOCK', metadata: {} });
  }
  const { memberLimit } = offer;
  if (memberLimit !== undefined && taken.byMember + units > memberLimit.count) {
    obstacles.push({ reason: 'MEMBER_LIMIT_REACHED', metadata: { period: memberLimit.period } });
  }
  const missing = missingPoints(account, redeeming.price.points);
  if (missing > 0n) {
    const metadata = { missingPoints: String(missing) };
    obstacles.push({ reason: 'INSUFFICIENT_POINTS', metadata });
  }
  return obstacles;
}
