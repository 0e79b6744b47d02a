// A ledger and a programs service with databases and a message server of their own, and clients that call them over
// real gRPC.

import { randomUUID } from 'node:crypto';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { unusedPort } from '@loyalty/local/free-port.ts';
import { createTestDatabase, createTestNats } from '@loyalty/local/test-environment.ts';
import { eventually, patience } from '@loyalty/local/test-patience.ts';
import { testServiceConfig, testTokens } from '@loyalty/local/test-service.ts';
import type { Role } from '@loyalty/platform/auth/tokens.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { connectNats } from '@loyalty/platform/messaging/connection.ts';
import { createPublisher } from '@loyalty/platform/messaging/publisher.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import {
  type ChannelCredentials,
  createChannel,
  createClient,
} from '@loyalty/platform/rpc/client.ts';
import type { RemoteError } from '@loyalty/platform/rpc/remote-error.ts';
import type { RunningService } from '@loyalty/platform/running-service.ts';
import type { TlsConfig } from '@loyalty/platform/tls/tls-config.ts';
import { startPrograms } from '@loyalty/programs/wiring.ts';
import { EarnRequestedSchema } from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';
import { DeadLetterService } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_service_pb.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { ProgramSchema } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import { RateAward_Mode } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import type { LedgerConfig } from '../src/config.ts';
import { startLedger } from '../src/wiring.ts';
import { expectHealthy } from './expect-healthy.ts';

const tokens = testTokens();
const logger = createLogger({ name: 'test', level: process.env['TEST_LOG'] ?? 'silent' });

export async function tokenOf(
  role: Role,
  subject: string,
  programs?: readonly string[],
): Promise<{ token: string }> {
  return { token: await tokens.tokenOf({ role, subject, programs }) };
}

export const admin = await tokenOf('admin', 'ann');
export const checkout = await tokenOf('service', 'checkout');

export type Setting = Awaited<ReturnType<typeof startSetting>>;

interface SettingOptions {
  /** What all services take for the time. */
  clock?: () => number;
  /** Where the Programs service announces changes, if not where the ledger hears of them. */
  programsNatsUrl?: string | undefined;
  /** Of both services, with that of their clients; without TLS if absent. */
  tls?: { config: TlsConfig; credentials: ChannelCredentials };
}

/** What a test file needs; `start` it before and `stop` it after its tests. */
export async function startSetting({
  clock = Date.now,
  programsNatsUrl,
  tls,
}: SettingOptions = {}) {
  const [programsDatabase, database, nats, ledgerPort] = await Promise.all([
    createTestDatabase('programs'),
    createTestDatabase('ledger'),
    createTestNats(),
    unusedPort(),
  ]);
  const common = {
    ...testServiceConfig({ databaseUrl: database.url, natsUrl: nats.url, tokens: tokens.config }),
    ...(tls !== undefined && { tls: tls.config }),
  };
  const programsConfig = {
    ...common,
    database: { url: programsDatabase.url, poolSize: 4 },
    ledger: { address: `127.0.0.1:${ledgerPort}` },
    nats: { ...common.nats, url: programsNatsUrl ?? nats.url },
  };
  let programs = await startPrograms(programsConfig, logger, { clock });
  const config: LedgerConfig = {
    ...common,
    programs: { address: `127.0.0.1:${programs.grpcPort}`, tokenFile: undefined },
    cell: 0,
    // Beside other tests the machine is slow, and no burst is to be refused for that.
    queueWaitMsMax: 60_000,
    deadLetterDays: 90,
  };
  // The one that the programs service asks.
  const startFirstLedger = () =>
    startLedger({ ...config, grpcPort: ledgerPort }, logger, { clock });
  let ledger = await startFirstLedger();
  const connection = connectNats({ url: nats.url, name: 'test', logger });
  const publisher = createPublisher(connection);
  let clients = connect(ledger, config, tls?.credentials);
  let natsStopped: Promise<void> | undefined;
  const stopNats = () => (natsStopped ??= nats.stop());

  return {
    config,
    databaseUrl: database.url,
    programsDatabaseUrl: programsDatabase.url,
    natsUrl: nats.url,
    nats: connection,
    publisher,
    get clients() {
      return clients;
    },
    get httpUrl() {
      return `http://127.0.0.1:${ledger.httpPort}`;
    },
    get managementUrl() {
      return `http://127.0.0.1:${ledger.managementPort}`;
    },
    stopNats,
    stopPrograms: () => programs.stop(),
    async startPrograms() {
      const grpcPort = Number(config.programs.address.split(':')[1]);
      programs = await startPrograms({ ...programsConfig, grpcPort }, logger, { clock });
      // A channel that was refused tries again only after a while, and fails whatever is called until then.
      await eventually(() => clients.programs.listPrograms({}, admin));
    },
    /** A second Programs service on the same database, which the ledger doesn't ask. */
    async startOtherPrograms() {
      const other = await startPrograms(programsConfig, logger, { clock });
      const otherClients = connect(ledger, {
        ...config,
        programs: { ...config.programs, address: `127.0.0.1:${other.grpcPort}` },
      });
      return {
        clients: otherClients,
        async stop() {
          otherClients.close();
          await other.stop();
        },
      };
    },
    stopLedger: () => ledger.stop(),
    async startLedger() {
      ledger = await startFirstLedger();
    },
    async restartLedger() {
      clients.close();
      await ledger.stop();
      ledger = await startFirstLedger();
      clients = connect(ledger, config, tls?.credentials);
    },
    /** A second ledger on the same database, with the same message server unless another is given. */
    async startReplica({ natsUrl = nats.url } = {}) {
      const replicaConfig = { ...config, nats: { ...config.nats, url: natsUrl } };
      const replica = await startLedger(replicaConfig, logger, { clock });
      const replicaClients = connect(replica, config, tls?.credentials);
      return {
        clients: replicaClients,
        async stop() {
          replicaClients.close();
          await replica.stop();
        },
      };
    },
    /** Ends the test, with a look at whether the ledger is still sound and, if not told otherwise, can be derived again. */
    async stop({ derived = true } = {}) {
      clients.close();
      await connection.close();
      await ledger.stop();
      await programs.stop();
      const pool = createPool({ url: database.url, max: 1, applicationName: 'test', logger });
      try {
        await expectHealthy(pool, { derived });
      } finally {
        await pool.end();
      }
      await Promise.all([programsDatabase.drop(), database.drop(), stopNats()]);
    },
  };
}

function connect(
  { grpcPort }: RunningService,
  { programs: { address } }: LedgerConfig,
  credentials?: ChannelCredentials,
) {
  const ledgerServices = [MembershipService, LedgerService, RedemptionService, DeadLetterService];
  const defaultTimeoutMs = patience(10_000);
  const channel = createChannel({
    address: `127.0.0.1:${grpcPort}`,
    services: ledgerServices,
    credentials,
    defaultTimeoutMs,
  });
  const programsServices = [ProgramService, RuleSetService, RewardService];
  const programsChannel = createChannel({
    address,
    services: programsServices,
    credentials,
    defaultTimeoutMs,
  });
  return {
    memberships: createClient(MembershipService, channel),
    ledger: createClient(LedgerService, channel),
    redemptions: createClient(RedemptionService, channel),
    deadLetters: createClient(DeadLetterService, channel),
    programs: createClient(ProgramService, programsChannel),
    ruleSets: createClient(RuleSetService, programsChannel),
    rewards: createClient(RewardService, programsChannel),
    close() {
      channel.close();
      programsChannel.close();
    },
  };
}

export interface NewProgram {
  /** How many points 100.00 USD give, in whole steps; 5 when absent. */
  points?: bigint;
  rewards?: Readonly<Record<string, bigint>>;
  settings?: MessageInitShape<typeof ProgramSchema>;
}

/** An active program; answers its id. */
export async function createProgram(setting: Setting, options: NewProgram = {}): Promise<string> {
  const { programs, rewards } = setting.clients;
  const programId = `p-${randomUUID().slice(0, 18)}`;
  const settings = { programId, displayName: 'Wine & Dine', ...options.settings };
  await programs.createProgram({ program: settings }, admin);
  await publishRule(setting, { programId, points: options.points ?? 5n });
  for (const [rewardId, points] of Object.entries(options.rewards ?? {})) {
    const price = { case: 'fixed', value: { points } } as const;
    const reward = { rewardId, displayName: rewardId, price };
    await rewards.createReward({ programId, reward }, admin);
  }
  await programs.activateProgram({ programId }, admin);
  return programId;
}

/** Publishes a version that gives `points` points per 100.00 USD, in whole steps, and returns its number. */
export async function publishRule(
  { clients: { ruleSets } }: Setting,
  { programId, points }: { programId: string; points: bigint },
): Promise<number> {
  const per = { currencyCode: 'USD', minorUnits: 10_000n };
  const rate = { points, per, mode: RateAward_Mode.STEP };
  const earnRules = [{ ruleId: 'base', award: { case: 'rate' as const, value: rate } }];
  const { ruleSet } = await ruleSets.createRuleSet({ programId, ruleSet: { earnRules } }, admin);
  const version = ruleSet?.version ?? 0;
  await ruleSets.publishRuleSet({ programId, version }, admin);
  return version;
}

export interface Purchase {
  transactionId: string;
  occurTime: { seconds: bigint; nanos: number };
  amount: { currencyCode: string; minorUnits: bigint };
}

/** A purchase of `cents` cents, a moment ago. */
export function purchase(cents: number, changes: Partial<Purchase> = {}): Purchase {
  return {
    transactionId: `order-${randomUUID()}`,
    occurTime: secondsAndNanos(Date.now() - 1_000),
    amount: { currencyCode: 'USD', minorUnits: BigInt(cents) },
    ...changes,
  };
}

export function secondsAndNanos(epochMs: number): Purchase['occurTime'] {
  return { seconds: BigInt(Math.floor(epochMs / 1000)), nanos: (epochMs % 1000) * 1_000_000 };
}

/** A program, and alice with the points that a purchase of `cents` cents gave. */
export async function createMember(
  setting: Setting,
  { cents = 0, ...program }: NewProgram & { cents?: number } = {},
): Promise<{ programId: string; userId: string }> {
  const member = { programId: await createProgram(setting, program), userId: 'alice' };
  await setting.clients.memberships.joinProgram(member, checkout);
  if (cents > 0) {
    await setting.clients.ledger.earn({ ...member, transaction: purchase(cents) }, checkout);
  }
  return member;
}

export async function availablePoints(
  { clients }: Setting,
  member: { programId: string; userId: string },
): Promise<bigint | undefined> {
  return (await clients.ledger.getBalance(member, checkout)).balance?.available;
}

/** The error that a call is refused with. */
export async function refusalOf(call: Promise<unknown>): Promise<RemoteError> {
  try {
    await call;
  } catch (error) {
    return error as RemoteError;
  }
  throw new Error('the call was not refused');
}

/** An earn event as a backend publishes it. */
export function encodeEarn(event: MessageInitShape<typeof EarnRequestedSchema>): Uint8Array {
  return toBinary(EarnRequestedSchema, create(EarnRequestedSchema, event));
}
