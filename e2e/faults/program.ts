// The program that all trials have.
import { createChannel, createClient } from '@loyalty/platform/rpc/client.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import { RateAward_Mode } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import type { Site } from './site.ts';

export const programId = 'faults';
export const rewardId = 'glass';
/** Each purchase is worth as many points, and a unit of the reward costs one. */
export const pointsPerPurchase = 5;
/** How long points stay pending in a program in which they don't mature at once. */
export const maturationDays = 30;

/** @param options.slowly whether points mature only after {@link maturationDays} */
export async function createProgram(site: Site, { slowly }: { slowly: boolean }): Promise<void> {
  const token = await site.token('admin');
  const channel = createChannel({
    address: site.programs.address,
    services: [ProgramService, RuleSetService, RewardService],
  });
  try {
    const programs = createClient(ProgramService, channel);
    const ruleSets = createClient(RuleSetService, channel);
    const rewards = createClient(RewardService, channel);
    // One member may do as much as a trial needs.
    const limits = { redemptionsPerMinute: 0 };
    await programs.createProgram(
      { program: { programId, displayName: 'Faults', limits } },
      { token },
    );
    const per = { currencyCode: 'USD', minorUnits: 100n };
    const rate = { points: 1n, per, mode: RateAward_Mode.STEP };
    const earnRules = [{ ruleId: 'base', award: { case: 'rate' as const, value: rate } }];
    const policy = { case: 'after' as const, value: { days: maturationDays } };
    const ruleSet = { earnRules, ...(slowly && { maturation: { policy } }) };
    await ruleSets.createRuleSet({ programId, ruleSet }, { token });
    await ruleSets.publishRuleSet({ programId, version: 1 }, { token });
    const price = { case: 'fixed' as const, value: { points: 1n } };
    await rewards.createReward(
      { programId, reward: { rewardId, displayName: 'A glass', price } },
      { token },
    );
    await programs.activateProgram({ programId }, { token });
  } finally {
    channel.close();
  }
}
