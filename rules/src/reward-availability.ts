import {
  MemberLimit_Period as Period,
  Reward_State as State,
} from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import {
  type CompiledCondition,
  compileCondition,
  conditionBindings,
} from './condition/condition.ts';
import { epochMs } from './epoch-ms.ts';
import type { Instant } from './instant.ts';
import type { MemberFacts, MemberLimit, Reward } from './language.ts';
import type { LimitPeriod } from './limit-period.ts';

/** A reward ready to be asked whether it can be had. Compile it once and keep it. */
export interface CompiledReward {
  readonly reward: Reward;
  readonly condition: CompiledCondition | undefined;
  /** How many a member can have within a period; undefined without a limit. */
  readonly memberLimit: { readonly count: bigint; readonly period: LimitPeriod } | undefined;
}

/** Why a reward can't be had; its reason is that of the error that redeeming it gives. */
export interface RewardRefusal {
  readonly reason: 'REWARD_UNAVAILABLE' | 'CONDITION_NOT_MET';
  readonly message: string;
}

export function compileReward(reward: Reward): CompiledReward {
  const { memberLimit } = reward;
  return {
    reward,
    condition: compileCondition(reward.condition),
    memberLimit: memberLimit && {
      count: BigInt(memberLimit.count),
      period: limitPeriod(memberLimit.period),
    },
  };
}

function limitPeriod(period: MemberLimit['period']): LimitPeriod {
  switch (period) {
    case Period.DAY:
      return 'DAY';
    case Period.WEEK:
      return 'WEEK';
    case Period.MONTH:
      return 'MONTH';
    default:
      return 'LIFETIME';
  }
}

/** Whether the reward is still in the program's catalog, be it offered at this very time or not. */
export function isListed({ reward }: CompiledReward): boolean {
  return reward.state !== State.ARCHIVED;
}

/** Undefined when the reward is offered now, and to this member. Stock and limits are counted elsewhere. */
export function rewardRefusal(
  { reward, condition }: CompiledReward,
  { member, now }: { readonly member: MemberFacts; readonly now: Instant },
): RewardRefusal | undefined {
  const unavailable = unavailability(reward, now);
  if (unavailable !== undefined) return { reason: 'REWARD_UNAVAILABLE', message: unavailable };
  const refusal = condition?.refusal(conditionBindings({ member, now }));
  return refusal === undefined ? undefined : { reason: 'CONDITION_NOT_MET', message: refusal };
}

function unavailability({ state, availability }: Reward, now: Instant): string | undefined {
  if (state === State.ARCHIVED) return 'the reward is no longer offered';
  const { startTime, endTime } = availability ?? {};
  if (startTime !== undefined && now < epochMs(startTime)) {
    return 'the reward is not offered yet';
  }
  if (endTime !== undefined && now >= epochMs(endTime)) {
    return 'the reward is no longer offered';
  }
  return undefined;
}
