import type { DescService } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import { type Client, createChannel, createClient } from '@loyalty/platform/rpc/client.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import { RateAward_Mode } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import type { BenchMachine } from '../machine/bench-machine.ts';

export const userIdPrefix = 'member-';
export const userIdWidth = 6;
const callsInFlight = 200;
const earnsPerBatch = 500;

export function userIds(count: number): string[] {
  return Array.from(
    { length: count },
    (_, index) => userIdPrefix + String(index).padStart(userIdWidth, '0'),
  );
}

/** What one point buys. */
export const rewardId = 'point';

/** An active program that gives 5 points for each 100.00 USD, and a reward of one point. */
export async function createProgram(
  machine: BenchMachine,
  { address, programId }: { address: string; programId: string },
): Promise<void> {
  const token = await machine.token('admin');
  await withClient(address, ProgramService, async (programs) => {
    const program = {
      programId,
      displayName: 'Benchmark',
      unit: { singular: 'point', plural: 'points' },
      // Unlimited: the default lets no member redeem as often as the load does.
      limits: { earnsPerMinute: 0, redemptionsPerMinute: 0 },
    };
    await programs.createProgram({ program }, { token });
    await withClient(address, RuleSetService, async (ruleSets) => {
      const per = { currencyCode: 'USD', minorUnits: 10_000n };
      const award = {
        case: 'rate',
        value: { points: 5n, per, mode: RateAward_Mode.STEP },
      } as const;
      const ruleSet = { earnRules: [{ ruleId: 'base', award }] };
      await ruleSets.createRuleSet({ programId, ruleSet }, { token });
      await ruleSets.publishRuleSet({ programId, version: 1 }, { token });
    });
    await withClient(address, RewardService, async (rewards) => {
      const price = { case: 'fixed', value: { points: 1n } } as const;
      const reward = { rewardId, displayName: 'What one point buys', price };
      await rewards.createReward({ programId, reward }, { token });
    });
    await programs.activateProgram({ programId }, { token });
  });
}

/** Makes the users members of the program. */
export async function joinMembers(
  machine: BenchMachine,
  options: { address: string; programId: string; users: readonly string[] },
): Promise<void> {
  const { address, programId, users } = options;
  const token = await machine.token('service');
  await withClient(address, MembershipService, async (memberships) => {
    await forEach(users, (userId) => memberships.joinProgram({ programId, userId }, { token }));
  });
}

/** Makes the users members of the program by one purchase each, of the value in cents. */
export async function joinWithPurchase(
  machine: BenchMachine,
  options: { address: string; programId: string; users: readonly string[]; cents: bigint },
): Promise<void> {
  const { address, programId, users, cents } = options;
  const token = await machine.token('service');
  const earnOf = (userId: string) => ({
    userId,
    transaction: {
      transactionId: `first-${userId}`,
      occurTime: timestampNow(),
      amount: { currencyCode: 'USD', minorUnits: cents },
    },
  });
  await withClient(address, LedgerService, async (ledger) => {
    for (let start = 0; start < users.length; start += earnsPerBatch) {
      const earns = users.slice(start, start + earnsPerBatch).map(earnOf);
      const { outcomes } = await ledger.batchEarn(
        { programId, earns, joinMissing: true },
        { token },
      );
      const failed = outcomes.find(({ result }) => result.case !== 'success');
      if (failed?.result.case === 'failure') {
        throw new Error(`A first purchase failed: ${failed.result.value.message}`);
      }
    }
  });
}

/** Calls for all users, many at once. */
async function forEach(
  users: readonly string[],
  call: (userId: string) => Promise<unknown>,
): Promise<void> {
  const remaining = users.values();
  const callInTurn = async () => {
    for (const userId of remaining) await call(userId);
  };
  await Promise.all(Array.from({ length: callsInFlight }, callInTurn));
}

async function withClient<S extends DescService>(
  address: string,
  service: S,
  work: (client: Client<S>) => Promise<void>,
): Promise<void> {
  const channel = createChannel({ address, services: [service] });
  try {
    await work(createClient(service, channel));
  } finally {
    channel.close();
  }
}
