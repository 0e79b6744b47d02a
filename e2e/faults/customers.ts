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
import type { ClientLog, Outcome, Verdict } from './client-log.ts';
import {
  createProgram,
  maturationDays,
  pointsPerPurchase,
  programId,
  rewardId,
} from './program.ts';
import type { Random } from './random.ts';
import type { Site } from './site.ts';

const responseMs = 5_000;
/** While the platform starts up on a busy machine. */
const arrivalMs = 60_000;
const arrivalsAtOnce = 50;
/** How long a caller of a load pauses after a call without a response. */
const pauseMs = 100;
const dayMs = 24 * 60 * 60 * 1_000;
/** Longer than any trial. */
const holdSeconds = 24 * 60 * 60;

export interface Customers {
  readonly users: readonly string[];
  /** A purchase over gRPC. */
  earn(userId: string): Promise<Outcome>;
  /** A purchase that is published on JetStream. */
  publish(userId: string): Promise<Outcome>;
  /** Spends one point. */
  redeem(userId: string, idempotencyKey?: string): Promise<Outcome>;
  /** A purchase whose points stay pending, in a program whose points mature {@link CustomersOptions.slowly}. */
  earnPending(userId: string): Promise<Outcome>;
  /** As many points as a purchase gives, reserved by a hold that stays open. */
  hold(userId: string): Promise<Outcome>;
  /** All of one of the user's purchases, whether its points are pending, available or spent. Buys something if there is none. */
  refund(userId: string): Promise<Outcome>;
  /** Publishes bytes that no ledger can read. */
  publishPoison(): Promise<void>;
  /** Buys and redeems at random, until it is stopped. */
  startLoad(options?: LoadOptions): Load;
  /** How often calls failed, or got no response, by reason. */
  readonly errors: ReadonlyMap<string, number>;
  close(): void;
}

export interface CustomersOptions {
  /** Whether calls that the end of a ledger interrupted are retried; true by default. */
  retries?: boolean;
  /** How many members there are; 100 by default. */
  members?: number;
  /** How many connections carry their purchases; one by default. Each carries 100 calls at once. */
  connections?: number;
  /** Whether points mature only after some time, which has passed for all purchases but those of `earnPending`. */
  slowly?: boolean;
}

type Deed = 'earn' | 'publish' | 'redeem' | 'earnPending' | 'hold' | 'refund';

export interface LoadOptions {
  callers?: number;
  /** What they do, each as often as it is in the list. */
  deeds?: readonly Deed[];
  /** How long each caller pauses after a deed; 0 by default. */
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
  const { log, random, members = 100, slowly = false } = options;
  await createProgram(site, { slowly });
  const token = await site.token('service');
  const clients = createClients(site, options);
  const errors = new Map<string, number>();
  const shop: Shop = {
    log,
    clients,
    token,
    keys: createKeys(),
    verdictOf: (call) => verdictOf(call, errors),
  };
  const users = Array.from({ length: members }, (_, index) => `user-${index}`);
  const purchases = createPurchases(shop, { users, random, slowly });
  const deeds = { ...purchases, ...createRedemptions(shop) };
  await joinAll(users, async (userId) => {
    const deadlineMs = Date.now() + arrivalMs;
    await clients.memberships.joinProgram({ programId, userId }, { token, deadlineMs });
    await deeds.earn(userId);
  });
  return {
    ...deeds,
    users,
    errors,
    async publishPoison() {
      const subject = `loyalty.earn.v1.${programId}`;
      await clients.publisher.publish({ subject, data: Buffer.from('no purchase') });
    },
    startLoad: (load) => startLoad(deeds, { users, random, ...load }),
    close: () => clients.close(),
  };
}

type Clients = ReturnType<typeof createClients>;

function createClients(site: Site, { retries = true, connections = 1 }: CustomersOptions) {
  const services = [MembershipService, LedgerService, RedemptionService];
  const channels = Array.from({ length: connections }, (_, index) =>
    createChannel({
      address: `ipv4:${site.ledgers.map(({ address }) => address).join(',')}`,
      services: retries ? services : [],
      defaultTimeoutMs: responseMs,
      // Channels with the same settings would share a connection.
      messageBytesMax: 2 ** 20 + index,
    }),
  );
  const [channel] = channels as [Channel, ...Channel[]];
  return {
    memberships: createClient(MembershipService, channel),
    redemptions: createClient(RedemptionService, channel),
    ledgers: channels.map((each) => createClient(LedgerService, each)),
    publisher: createPublisher(site.nats, { timeoutMs: 2_000 }),
    close() {
      for (const each of channels) each.close();
    },
  };
}

/** What all deeds of the customers share. */
interface Shop {
  readonly log: ClientLog;
  readonly clients: Clients;
  readonly token: string;
  readonly keys: Keys;
  verdictOf(call: Promise<unknown>): Promise<Verdict>;
}

interface Keys {
  /** How many keys there are so far. */
  readonly count: number;
  next(kind: string): string;
}

function createKeys(): Keys {
  let count = 0;
  return {
    get count() {
      return count;
    },
    next(kind) {
      count += 1;
      return `${kind}-${count}`;
    },
  };
}

async function verdictOf(call: Promise<unknown>, errors: Map<string, number>): Promise<Verdict> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    const reason = error instanceof RemoteError ? error.reason : String(error);
    errors.set(reason, (errors.get(reason) ?? 0) + 1);
    return verdictsByReason.get(reason) ?? 'unknown';
  }
}

/** After all other errors, the ledger may have decided otherwise, or may still do so. */
const verdictsByReason: ReadonlyMap<string, Verdict> = new Map([
  ['INSUFFICIENT_POINTS', 'failed'],
  ['OVERLOADED', 'refused'],
  ['RATE_LIMITED', 'refused'],
]);

function createPurchases(
  { log, clients, token, keys, verdictOf }: Shop,
  { users, random, slowly }: { users: readonly string[]; random: Random; slowly: boolean },
): Pick<Customers, 'earn' | 'earnPending' | 'publish' | 'refund'> {
  /** Purchases of each user that can be returned. */
  const returnable = new Map<string, string[]>(users.map((userId) => [userId, []]));
  const isMatureMs = slowly ? 2 * maturationDays * dayMs : 0;
  const ledgerInTurn = () => clients.ledgers[keys.count % clients.ledgers.length] as Ledger;
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
    const outcome = await log.run({ kind: 'earn', key }, () => verdictOf(send()));
    if (outcome === 'ok') returnable.get(userId)?.push(key);
    return outcome;
  };
  const report = (userId: string, transaction: ReturnType<typeof purchase>): Promise<Outcome> => {
    const ledger = ledgerInTurn();
    const request = { programId, userId, transaction };
    return buy({ userId, key: transaction.transactionId }, () => ledger.earn(request, { token }));
  };
  const earn = (userId: string) => report(userId, purchase(keys.next('earn')));
  return {
    earn,
    earnPending: (userId) => report(userId, purchase(keys.next('pending'), 0)),
    publish(userId) {
      const key = keys.next('publish');
      const event = { programId, userId, transaction: purchase(key) };
      const data = toBinary(EarnRequestedSchema, create(EarnRequestedSchema, event));
      const message = { subject: `loyalty.earn.v1.${programId}`, data };
      return buy({ userId, key }, () => clients.publisher.publish(message));
    },
    refund(userId) {
      const purchases = returnable.get(userId) ?? [];
      if (purchases.length === 0) return earn(userId);
      const transactionId = random.pick(purchases);
      purchases.splice(purchases.indexOf(transactionId), 1);
      const refundId = keys.next('refund');
      const extent = { case: 'full' as const, value: {} };
      const request = { programId, transactionId, refundId, extent };
      const ledger = ledgerInTurn();
      return log.run({ kind: 'refund', key: refundId }, () =>
        verdictOf(ledger.reverseEarn(request, { token })),
      );
    },
  };
}

type Ledger = Clients['ledgers'][number];

function createRedemptions({
  log,
  clients: { redemptions },
  token,
  keys,
  verdictOf,
}: Shop): Pick<Customers, 'redeem' | 'hold'> {
  const redeem = (request: Parameters<typeof redemptions.redeem>[0] & { idempotencyKey: string }) =>
    log.run({ kind: 'redeem', key: request.idempotencyKey }, () =>
      verdictOf(redemptions.redeem(request, { token })),
    );
  return {
    redeem: (userId, idempotencyKey = keys.next('redeem')) =>
      redeem({ programId, userId, rewardId, idempotencyKey }),
    hold: (userId) =>
      redeem({
        programId,
        userId,
        rewardId,
        idempotencyKey: keys.next('hold'),
        quantity: pointsPerPurchase,
        capture: RedeemRequest_Capture.HOLD,
        holdSeconds,
      }),
  };
}

/** Lets the users join, some at a time. */
async function joinAll(
  users: readonly string[],
  join: (userId: string) => Promise<void>,
): Promise<void> {
  const left = users.values();
  const joinOn = async () => {
    for (const userId of left) await join(userId);
  };
  await Promise.all(Array.from({ length: arrivalsAtOnce }, joinOn));
}

function startLoad(
  customers: Pick<Customers, Deed>,
  options: LoadOptions & { users: readonly string[]; random: Random },
): Load {
  const { users, random, callers = 16, betweenMs = 0 } = options;
  const { deeds = ['earn', 'earn', 'publish', 'redeem'] } = options;
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
}
