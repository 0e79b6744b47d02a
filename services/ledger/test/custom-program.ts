import { randomUUID } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ProgramSchema } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import type { RewardSchema } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import {
  type EarnRuleSchema,
  RateAward_Mode,
  type RuleSetSchema,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { admin, checkout, purchase, type Setting } from './running-ledger.ts';

export interface CustomProgram {
  /** 1 point per 1.00 USD where it says nothing of earn rules. */
  ruleSet?: MessageInitShape<typeof RuleSetSchema>;
  rewards?: MessageInitShape<typeof RewardSchema>[];
  settings?: MessageInitShape<typeof ProgramSchema>;
}

type Rule = MessageInitShape<typeof EarnRuleSchema>;

/** A rule that gives `points` points per 100.00 USD, and the exact fraction of them for less. */
export function proportional(points: bigint, changes: Partial<Rule> = {}): Rule {
  const per = { currencyCode: 'USD', minorUnits: 10_000n };
  const value = { points, per, mode: RateAward_Mode.PROPORTIONAL };
  return { ruleId: 'base', award: { case: 'rate', value }, ...changes } as Rule;
}

/** A reward of a fixed price. */
export function fixed(
  rewardId: string,
  points: bigint,
  changes: MessageInitShape<typeof RewardSchema> = {},
): MessageInitShape<typeof RewardSchema> {
  const price = { case: 'fixed', value: { points } } as const;
  return { rewardId, displayName: rewardId, price, ...changes };
}

/** A conversion: `points` points are worth 1.00 USD. */
export function conversion(rewardId: string, points = 100n): MessageInitShape<typeof RewardSchema> {
  const value = { points, per: { currencyCode: 'USD', minorUnits: 100n } };
  return { rewardId, displayName: rewardId, price: { case: 'conversion', value } };
}

/** An active program without limits of velocity; answers its id. */
export async function createCustomProgram(
  { clients: { programs, ruleSets, rewards } }: Setting,
  { ruleSet, rewards: offered = [], settings }: CustomProgram,
): Promise<string> {
  const programId = `p-${randomUUID().slice(0, 18)}`;
  const limits = { redemptionsPerMinute: 0 };
  await programs.createProgram(
    { program: { programId, displayName: 'Wine & Dine', limits, ...settings } as typeof settings },
    admin,
  );
  const rules = { earnRules: [proportional(100n)], ...ruleSet } as typeof ruleSet;
  const draft = await ruleSets.createRuleSet({ programId, ruleSet: rules }, admin);
  const version = draft.ruleSet?.version ?? 0;
  await ruleSets.publishRuleSet({ programId, version }, admin);
  for (const reward of offered) await rewards.createReward({ programId, reward }, admin);
  await programs.activateProgram({ programId }, admin);
  return programId;
}

/** Such a program, and alice with the points of a purchase of `dollars` US dollars. */
export async function createCustomMember(
  setting: Setting,
  { dollars = 0, ...program }: CustomProgram & { dollars?: number } = {},
): Promise<{ programId: string; userId: string }> {
  const programId = await createCustomProgram(setting, program);
  const member = { programId, userId: 'alice' };
  await setting.clients.memberships.joinProgram(member, checkout);
  if (dollars > 0) {
    await setting.clients.ledger.earn(
      { ...member, transaction: purchase(dollars * 100) },
      checkout,
    );
  }
  return member;
}
