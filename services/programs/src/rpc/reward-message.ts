import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  MemberLimit_Period,
  Reward_State,
  type Reward as RewardMessage,
  type RewardSchema,
} from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { ValidationFailed } from '../domain/errors.ts';
import {
  type ConversionPrice,
  type FixedPrice,
  type LimitPeriod,
  type Reward,
  type RewardOffer,
  rewardEtag,
} from '../domain/reward.ts';
import { dateOf, timestampOf } from './time.ts';

type Price = FixedPrice | ConversionPrice;
type RewardInit = MessageInitShape<typeof RewardSchema>;

/** A reward as the contract shows it. */
export function renderReward(reward: Reward): RewardInit {
  const { stockLimit, memberLimit, availability } = reward;
  const { startTime, endTime } = availability;
  return {
    programId: reward.programId,
    rewardId: reward.rewardId,
    displayName: reward.displayName,
    state: Reward_State[reward.state],
    price: renderPrice(reward.price),
    ...(stockLimit !== undefined && { stock: { limit: stockLimit } }),
    ...(memberLimit !== undefined && {
      memberLimit: { count: memberLimit.count, period: MemberLimit_Period[memberLimit.period] },
    }),
    ...((startTime !== undefined || endTime !== undefined) && {
      availability: Object.assign(
        {},
        startTime && { startTime: timestampOf(startTime) },
        endTime && { endTime: timestampOf(endTime) },
      ),
    }),
    condition: reward.condition,
    metadata: reward.metadata,
    etag: rewardEtag(reward),
    createTime: timestampFromDate(reward.createTime),
    updateTime: timestampFromDate(reward.updateTime),
  };
}

function renderPrice(price: Price): NonNullable<RewardInit['price']> {
  switch (price.kind) {
    case 'FIXED':
      return { case: 'fixed', value: { points: price.points } };
    case 'CONVERSION': {
      const { points, per, minimumPoints, maximumPoints, stepPoints } = price;
      return {
        case: 'conversion',
        value: { points, per, minimumPoints, maximumPoints, stepPoints },
      };
    }
  }
}

/**
 * The offer in a message; `price` is undefined if it has none.
 *
 * @throws {ValidationFailed}
 */
export function parseOffer(
  message: RewardMessage,
): Omit<RewardOffer, 'price'> & { readonly price: Price | undefined } {
  const { displayName, state, stock, memberLimit, availability, condition, metadata } = message;
  return {
    displayName,
    state: state === Reward_State.ARCHIVED ? 'ARCHIVED' : 'ACTIVE',
    price: parsePrice(message.price),
    stockLimit: stock?.limit,
    memberLimit: memberLimit && {
      count: memberLimit.count,
      period: parsePeriod(memberLimit.period),
    },
    availability: {
      startTime: dateOf(availability?.startTime, 'reward.availability.start_time'),
      endTime: dateOf(availability?.endTime, 'reward.availability.end_time'),
    },
    condition,
    metadata,
  };
}

/** @throws {ValidationFailed} when there is no price */
export function requirePrice(price: Price | undefined): Price {
  if (price !== undefined) return price;
  throw new ValidationFailed([
    { field: 'reward', message: 'a price must be set: fixed or conversion' },
  ]);
}

function parsePrice(price: RewardMessage['price']): Price | undefined {
  switch (price.case) {
    case 'fixed':
      return { kind: 'FIXED', points: price.value.points };
    case 'conversion': {
      const { points, per, minimumPoints, maximumPoints, stepPoints } = price.value;
      return {
        kind: 'CONVERSION',
        points,
        per: { currencyCode: per?.currencyCode ?? '', minorUnits: per?.minorUnits ?? 0n },
        minimumPoints,
        maximumPoints,
        stepPoints,
      };
    }
    case undefined:
      return undefined;
  }
}

function parsePeriod(period: MemberLimit_Period): LimitPeriod {
  const name = limitPeriods.find((candidate) => MemberLimit_Period[candidate] === period);
  if (name !== undefined) return name;
  throw new ValidationFailed([
    { field: 'reward.member_limit.period', message: `must be one of ${limitPeriods.join(', ')}` },
  ]);
}

const limitPeriods: readonly LimitPeriod[] = ['DAY', 'WEEK', 'MONTH', 'LIFETIME'];
