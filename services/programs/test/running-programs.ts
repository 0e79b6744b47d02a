// A programs service with a database and a message server of its own, and clients that call it over real gRPC.

import { randomUUID } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { createTestDatabase, createTestNats } from '@loyalty/local/test-environment.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { testServiceConfig, testTokens } from '@loyalty/local/test-service.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { type CallOptions, createChannel, createClient } from '@loyalty/platform/rpc/client.ts';
import type { RunningService } from '@loyalty/platform/running-service.ts';
import type { ProgramSchema } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import {
  RateAward_Mode,
  type RuleSetSchema,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import type { ProgramsConfig } from '../src/config.ts';
import { startPrograms } from '../src/wiring.ts';

const { config: tokenConfig, tokenOf } = testTokens();

export { tokenOf };

const services = [ProgramService, RuleSetService, RewardService];

export type Setting = Awaited<ReturnType<typeof startSetting>>;

/**
 * What a test file needs; `start` it before and `stop` it after its tests. Without an address there is no ledger. Its clock
 * stands still but for what the test lets pass.
 */
export async function startSetting({ ledgerAddress = '127.0.0.1:9' } = {}) {
  const startMs = Date.now();
  let passedMs = 0;
  const clock = () => startMs + passedMs;
  const [database, nats] = await Promise.all([createTestDatabase('programs'), createTestNats()]);
  const config: ProgramsConfig = {
    ...testServiceConfig({
      databaseUrl: database.url,
      natsUrl: nats.url,
      tokens: tokenConfig,
    }),
    ledger: { address: ledgerAddress },
  };
  const logger = createLogger({ name: 'programs', level: process.env['TEST_LOG'] ?? 'silent' });
  const tokens = {
    admin: await tokenOf({ role: 'admin', subject: 'jane' }),
    service: await tokenOf({ role: 'service', subject: 'ledger' }),
    member: await tokenOf({ role: 'member', subject: 'alice' }),
  };
  let running = await startPrograms(config, logger, { clock });
  let clients = connect(running);

  return {
    tokens,
    config,
    databaseUrl: database.url,
    natsUrl: nats.url,
    now: clock,
    letPass(ms: number) {
      passedMs += ms;
    },
    get clients() {
      return clients;
    },
    get grpcAddress() {
      return `127.0.0.1:${running.grpcPort}`;
    },
    get httpUrl() {
      return `http://127.0.0.1:${running.httpPort}`;
    },
    get managementUrl() {
      return `http://127.0.0.1:${running.managementPort}`;
    },
    /** A second replica on the same database, with the same message server unless another is given. */
    async startReplica({ natsUrl = nats.url } = {}) {
      const replica = await startPrograms(
        { ...config, nats: { ...config.nats, url: natsUrl } },
        logger,
        { clock },
      );
      const connected = connect(replica);
      return {
        clients: connected,
        async stop() {
          connected.close();
          await replica.stop();
        },
      };
    },
    async restart() {
      clients.close();
      await running.stop();
      running = await startPrograms(config, logger, { clock });
      clients = connect(running);
    },
    async stop() {
      clients.close();
      await running.stop();
      await Promise.all([database.drop(), nats.stop()]);
    },
  };
}

function connect({ grpcPort }: RunningService) {
  const channel = createChannel({
    address: `127.0.0.1:${grpcPort}`,
    services,
    defaultTimeoutMs: patience(10_000),
  });
  return {
    programs: createClient(ProgramService, channel),
    ruleSets: createClient(RuleSetService, channel),
    rewards: createClient(RewardService, channel),
    close: () => channel.close(),
  };
}

export function newProgramId(): string {
  return `p-${randomUUID().slice(0, 18)}`;
}

/** 5 points per 100.00 USD. */
export const fivePerHundred = {
  earnRules: [
    {
      ruleId: 'base',
      award: {
        case: 'rate',
        value: {
          points: 5n,
          per: { currencyCode: 'USD', minorUnits: 10_000n },
          mode: RateAward_Mode.STEP,
        },
      },
    },
  ],
} as const satisfies MessageInitShape<typeof RuleSetSchema>;

/** A new program in state DRAFT. */
export async function createDraft(
  { clients, tokens }: Setting,
  settings: MessageInitShape<typeof ProgramSchema> = {},
) {
  const { program } = await clients.programs.createProgram(
    { program: { programId: newProgramId(), displayName: 'Wine & Dine', ...settings } },
    { token: tokens.admin },
  );
  if (program === undefined) throw new Error('no program was returned');
  return program;
}

/** A new program in state ACTIVE, with a first rule set. */
export async function createActive(setting: Setting, settings?: Parameters<typeof createDraft>[1]) {
  const { programId } = await createDraft(setting, settings);
  const { clients, tokens } = setting;
  const call: CallOptions = { token: tokens.admin };
  await clients.ruleSets.createRuleSet({ programId, ruleSet: fivePerHundred }, call);
  await clients.ruleSets.publishRuleSet({ programId, version: 1 }, call);
  const { program } = await clients.programs.activateProgram({ programId }, call);
  if (program === undefined) throw new Error('no program was returned');
  return program;
}
