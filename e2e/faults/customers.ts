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
import {
  RedeemRequest_Capture,
  RedemptionService,
} from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { Answer, ClientLog, Outcome } from './client-log.ts';
import {
  createProgram,
  maturationDays,
  pointsPerPurchase,
  programId,
  rewardId,
} from './program.ts';
import type { Random } from './random.ts';
import type { Site } from './site.ts';

const answerMs = 5_000;
/** While the platform starts up on a busy machine. */
const arrivalMs = 60_000;
const arrivalsAtOnce = 50;
/** Before a caller of a load goes on after a call without an answer. */
const pauseMs = 100;
const dayMs = 24 * 60 * 60 * 1_000;
/** Longer than any trial. */
const holdSeconds = 24 * 60 * 60;

export interface Customers {
  readonly users: readonly string[];
  /** A purchase over gRPC. */
  earn(userId: string): Promise<Outcome>;
  /** A purchase that is published for the ledger to fetch. */
  publish(userId: string): Promise<Outcome>;
  /** One point, of a purchase or of the start. */
  redeem(userId: string, idempotencyKey?: string): Promise<Outcome>;
  /** A purchase whose points stay pending, in a program whose points mature {@link CustomersOptions.slowly}. */
  earnPending(userId: string): Promise<Outcome>;
  /** As many points as a purchase gives, reserved by a hold that stays open. */
  hold(userId: string): Promise<Outcome>;
  /** All of one of the user's purchases, whether its points are pending, available or spent. Buys something if there is none. */
  refund(userId: string): Promise<Outcome>;
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
  /** Whether points mature only after some time, which has passed for all purchases but those of `earnPending`. */
  slowly?: boolean;
}

type Deed = 'earn' | 'publish' | 'redeem' | 'earnPending' | 'hold' | 'refund';

export interface LoadOptions {
  callers?: number;
  /** What they do, in equal parts. */
  deeds?: readonly Deed[];
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
  const { log, random, retries = true, members = 100, connections = 1, slowly = false } = options;
  await createProgram(site, { slowly });
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
  const someLedger = () => ledgers[serial % ledgers.length] as (typeof ledgers)[number];
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
  /** Purchases of each user that can be returned. */
  const returnable = new Map<string, string[]>(users.map((userId) => [userId, []]));
  const isMatureMs = slowly ? 2 * maturationDays * dayMs : 0;
  const purchase = (transactionId: string, agoMs = isMatureMs) => ({
    transactionId,
    // The clock of one machine, a moment ago.
    occurTime: timestampFromMs(Date.now() - 1_000 - agoMs),
    amount: { currencyCode: 'USD', minorUnits: BigInt(pointsPerPurchase * 100) },
  });
  const buy = async (
    { userId, key }: { userId: string; key: string },
    send: () => Promise<unknown>,
  ): Promise<Outcome> => {
    const outcome = await log.run({ kind: 'earn', key }, () => answerOf(send()));
    if (outcome === 'ok') returnable.get(userId)?.push(key);
    return outcome;
  };
  const earn = (userId: string, transaction: ReturnType<typeof purchase>): Promise<Outcome> => {
    const ledger = someLedger();
    const request = { programId, userId, transaction };
    return buy({ userId, key: transaction.transactionId }, () => ledger.earn(request, { token }));
  };

  const customers: Customers = {
    users,
    errors,
    earn: (userId) => earn(userId, purchase(newKey('earn'))),
    earnPending: (userId) => earn(userId, purchase(newKey('pending'), 0)),
    publish(userId) {
      const key = newKey('publish');
      const event = { programId, userId, transaction: purchase(key) };
      const data = toBinary(EarnRequestedSchema, create(EarnRequestedSchema, event));
      const message = { subject: `loyalty.earn.v1.${programId}`, data };
      return buy({ userId, key }, () => publisher.publish(message));
    },
    redeem(userId, idempotencyKey = newKey('redeem')) {
      const request = { programId, userId, rewardId, idempotencyKey };
      return log.run({ kind: 'redeem', key: idempotencyKey }, () =>
        answerOf(redemptions.redeem(request, { token })),
      );
    },
    hold(userId) {
      const key = newKey('hold');
      const request = {
        programId,
        userId,
        rewardId,
        idempotencyKey: key,
        quantity: pointsPerPurchase,
        capture: RedeemRequest_Capture.HOLD,
        holdSeconds,
      };
      return log.run({ kind: 'redeem', key }, () =>
        answerOf(redemptions.redeem(request, { token })),
      );
    },
    refund(userId) {
      const purchases = returnable.get(userId) ?? [];
      if (purchases.length === 0) return customers.earn(userId);
      const transactionId = random.pick(purchases);
      purchases.splice(purchases.indexOf(transactionId), 1);
      const refundId = newKey('refund');
      const extent = { case: 'full' as const, value: {} };
      const request = { programId, transactionId, refundId, extent };
      const ledger = someLedger();
      return log.run({ kind: 'refund', key: refundId }, () =>
        answerOf(ledger.reverseEarn(request, { token })),
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
