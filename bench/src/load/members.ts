import type { DescService } from '@bufbuild/protobuf';
import { type Client, createChannel, createClient } from '@loyalty/platform/rpc/client.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RateAward_Mode } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import type { Stage } from '../machine/stage.ts';

export const userIdPrefix = 'member-';
export const userIdWidth = 6;
const joinsInFlight = 200;

export function userIds(count: number): string[] {
  return Array.from(
    { length: count },
    (_, index) => userIdPrefix + String(index).padStart(userIdWidth, '0'),
  );
}

/** An active program that gives 5 points for each 100.00 USD. */
export async function createProgram(
  stage: Stage,
  { address, programId }: { address: string; programId: string },
): Promise<void> {
  const token = await stage.token('admin');
  await withClient(address, ProgramService, async (programs) => {
    const program = {
      programId,
      displayName: 'Benchmark',
      unit: { singular: 'point', plural: 'points' },
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
    await programs.activateProgram({ programId }, { token });
  });
}

/** Makes the users members of the program. */
export async function joinMembers(
  stage: Stage,
  options: { address: string; programId: string; users: readonly string[] },
): Promise<void> {
  const { address, programId, users } = options;
  const token = await stage.token('service');
  await withClient(address, MembershipService, async (memberships) => {
    const remaining = users.values();
    const join = async () => {
      for (const userId of remaining)
        await memberships.joinProgram({ programId, userId }, { token });
    };
    await Promise.all(Array.from({ length: joinsInFlight }, join));
  });
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
