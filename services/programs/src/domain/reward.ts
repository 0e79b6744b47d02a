import type { Instant } from '@loyalty/rules/instant.ts';
import type { Reward as RewardDefinition } from '@loyalty/rules/language.ts';

export type RewardState = 'ACTIVE' | 'ARCHIVED';

/** What an operator decides about a reward. */
export interface RewardOffer {
  readonly state: RewardState;
  /** Name, price, limits, condition and so on; the message's ids, state and times are ignored. */
  readonly definition: RewardDefinition;
}

export interface Reward extends RewardOffer {
  readonly programId: string;
  readonly rewardId: string;
  /** The program's revision in which the reward last changed. */
  readonly changedIn: bigint;
  readonly createTime: Instant;
  readonly updateTime: Instant;
}

/** The reward as members see it: whom it is offered to, and metadata, are the operators' own. */
export function rewardForMembers(reward: Reward): Reward {
  return { ...reward, definition: { ...reward.definition, condition: '', metadata: {} } };
}

/** The most rewards that a program can have: all of them travel in its snapshot. */
export const rewardsPerProgramMax = 1_000;

export function rewardEtag(reward: Reward): string {
  return `${reward.changedIn}`;
}
