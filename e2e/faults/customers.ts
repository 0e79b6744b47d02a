// The clients of a trial: a shop whose customers buy and redeem, over gRPC and over JetStream.
import { setTimeout as delay } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createPublisher } from '@loyalty/platform/messaging/publisher.ts';
import { type Channel, createChannel, createClient } from '@loyalty/platform/rpc/client.ts';
import { RemoteError } from '@loyalty/platform/rpc/remote-error.ts';
import { EarnRequestedSchema } from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import { RateAward_Mode } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import type { Answer, ClientLog, Outcome } from './client-log.ts';
import type { Random } from './random.ts';
import type { Site } from './site.ts';

export const programId = 'faults';
export const rewardId = 'glass';
/** Each purchase is worth as many points, and each redemption costs one. */
export const pointsPerPurchase = 5;
const answerMs = 5_000;
/** While the platform starts up on a busy machine. */
const arrivalMs = 60_000;
const arrivalsAtOnce = 50;
/** Before a caller of a load goes on after a call without an answer. */
const pauseMs = 100;

export interface Customers {
  readonly users: readonly string[];
  /** A purchase over gRPC. */
  earn(userId: string): Promise<Outcome>;
  /** A purchase that is published for the ledger to fetch. */
  publish(userId: string): Promise<Outcome>;
  /** One point, of a purchase or of the start. */
  redeem(userId: string, idempotencyKey?: string): Promise<Outcome>;
  /** Publishes bytes that no ledger can read. */
  publishPoison(): Promise<void>;
  /** Buys and redeems at random, with so many callers at once, until it is stopped. */
  startLoad(options?: LoadOptions): Load;
  /** Reasons of the calls that failed or stayed without an answer, and how often each. */
  readonly errors: ReadonlyMap<string, number>;
  close(): void;
}

export interface CustomersOptions {
  /** Whether calls are tried again that a ledger's end interrupted, as by default. */
  retries?: boolean;
  /** How many there are; 100 by default. */
  members?: number;
  /** How many connections carry their purchases; one by default. Each carries 100 calls at once. */
  connections?: number;
}

export interface LoadOptions {
  callers?: number;
  /** What they do, in equal parts. */
  deeds?: readonly ('earn' | 'publish' | 'redeem')[];
  /** For how long each of them pauses after a deed; not at all by default. */
  betweenMs?: number;
}

export interface Load {
  /** Lets the calls under way end. */
  stop(): Promise<void>;
}

/** Creates a program and its members, each with some points to begin with. */
export async function createCustomers(
  site: Site,
  options: CustomersOptions & { log: ClientLog; random: Random },
): Promise<Customers> {
  const { log, random, retries = true, members = 100, connections = 1 } = options;
  await createProgram(site);
  const token = await site.token('service');
  const services = [MembershipService, LedgerService, RedemptionService];
  const channels = Array.from({ length: connections }, (_, index) =>
    createChannel({
      address: `ipv4:${site.ledgers.map(({ address }) => address).join(',')}`,
      services: retries ? services : [],
      defaultTimeoutMs: answerMs,
      // Channels with the same settings would share a connection.
      messageBytesMax: 2 ** 20 + index,
    }),
  );
  const [channel] = channels as [Channel, ...Channel[]];
  const memberships = createClient(MembershipService, channel);
  const ledgers = channels.map((each) => createClient(LedgerService, each));
  const redemptions = createClient(RedemptionService, channel);
  const publisher = createPublisher(site.nats, { timeoutMs: 2_000 });
  const users = Array.from({ length: members }, (_, index) => `user-${index}`);
  const errors = new Map<string, number>();
  let serial = 0;
  const newKey = (kind: string) => {
    serial += 1;
    return `${kind}-${serial}`;
  };
  const answerOf = async (call: Promise<unknown>): Promise<Answer> => {
    try {
      await call;
      return 'ok';
    } catch (error) {
      const reason = error instanceof RemoteError ? error.reason : String(error);
      errors.set(reason, (errors.get(reason) ?? 0) + 1);
      return answersByReason.get(reason) ?? 'unknown';
    }
  };
  // The clock of one machine, a moment ago.
  const purchase = (transactionId: string) => ({
    transactionId,
    occurTime: timestampFromMs(Date.now() - 1_000),
    amount: { currencyCode: 'USD', minorUnits: BigInt(pointsPerPurchase * 100) },
  });

  const customers: Customers = {
    users,
    errors,
    earn(userId) {
      const key = newKey('earn');
      const ledger = ledgers[serial % ledgers.length] as (typeof ledgers)[number];
      const request = { programId, userId, transaction: purchase(key) };
      return log.run({ kind: 'earn', key }, () => answerOf(ledger.earn(request, { token })));
    },
    publish(userId) {
      const key = newKey('publish');
      const event = { programId, userId, transaction: purchase(key) };
      const data = toBinary(EarnRequestedSchema, create(EarnRequestedSchema, event));
      const message = { subject: `loyalty.earn.v1.${programId}`, data };
      return log.run({ kind: 'earn', key }, () => answerOf(publisher.publish(message)));
    },
    redeem(userId, idempotencyKey = newKey('redeem')) {
      const request = { programId, userId, rewardId, idempotencyKey };
      return log.run({ kind: 'redeem', key: idempotencyKey }, () =>
        answerOf(redemptions.redeem(request, { token })),
      );
    },
    async publishPoison() {
      const subject = `loyalty.earn.v1.${programId}`;
      await publisher.publish({ subject, data: Buffer.from('no purchase') });
    },
    startLoad({
      callers = 16,
      deeds = ['earn', 'earn', 'publish', 'redeem'],
      betweenMs = 0,
    }: LoadOptions = {}) {
      let isOver = false;
      const call = async () => {
        while (!isOver) {
          const outcome = await customers[random.pick(deeds)](random.pick(users));
          const afterMs = outcome === 'unknown' ? pauseMs : betweenMs;
          if (afterMs > 0) await delay(afterMs);
        }
      };
      const ended = Promise.all(Array.from({ length: callers }, call));
      return {
        async stop() {
          isOver = true;
          await ended;
        },
      };
    },
    close() {
      for (const each of channels) each.close();
    },
  };
  const arrivals = users.values();
  const arrive = async () => {
    for (const userId of arrivals) {
      const deadlineMs = Date.now() + arrivalMs;
      await memberships.joinProgram({ programId, userId }, { token, deadlineMs });
      await customers.earn(userId);
    }
  };
  await Promise.all(Array.from({ length: arrivalsAtOnce }, arrive));
  return customers;
}

/** After all others the ledger may have decided otherwise, or may still do so. */
const answersByReason: ReadonlyMap<string, Answer> = new Map([
  ['INSUFFICIENT_POINTS', 'failed'],
  ['OVERLOADED', 'refused'],
  ['RATE_LIMITED', 'refused'],
]);

async function createProgram(site: Site): Promise<void> {
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
    await ruleSets.createRuleSet({ programId, ruleSet: { earnRules } }, { token });
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
