import { randomUUID } from 'node:crypto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { createTestDatabase } from '@loyalty/local/test-environment.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import { RewardSchema } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import {
  RateAward_Mode as Mode,
  RuleSetSchema,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { compileRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import { compileReward } from '@loyalty/rules/reward-availability.ts';
import { createZoneClock } from '@loyalty/rules/zone-clock.ts';
import { createCommitQueue } from '../src/app/commit-queue.ts';
import { createEarn, type EarnInput } from '../src/app/earn.ts';
import { createJoinProgram } from '../src/app/join-program.ts';
import type { RecordedEntry } from '../src/app/ledger-store.ts';
import type { ProgramDefinition } from '../src/app/program-catalog.ts';
import { createRedeem, type RedeemInput } from '../src/app/redeem.ts';
import { balanceAt } from '../src/domain/balance.ts';
import type { Cause } from '../src/domain/journal.ts';
import { createCommitToLedger } from '../src/storage/commit-to-ledger.ts';
import { createLedgerReader } from '../src/storage/ledger-reader.ts';

export const cause: Cause = { actor: 'service:test', requestId: 'request-1' };

const quiet = createLogger({ name: 'test', level: 'silent' });

/** 5 points per 100.00 USD in whole steps, and whatever a test changes. */
export function aProgram(changes: Partial<ProgramDefinition> = {}): ProgramDefinition {
  return {
    programId: 'wine-dine',
    revision: 1n,
    state: 'ACTIVE',
    autoEnrollment: true,
    clock: createZoneClock('UTC'),
    earnsPerMinute: 0,
    redemptionsPerMinute: 0,
    ruleSets: [aRuleSet({})],
    rewards: new Map(),
    ...changes,
  };
}

export function aRuleSet(changes: MessageInitShape<typeof RuleSetSchema>) {
  const base = { ruleId: 'base', award: { case: 'rate' as const, value: stepRate(5n) } };
  const message = {
    programId: 'wine-dine',
    version: 1,
    timeZone: 'UTC',
    effectiveTime: timestampFromDate(new Date('2020-01-01')),
    earnRules: [base],
    ...changes,
  };
  return compileRuleSet(create(RuleSetSchema, message));
}

function stepRate(points: bigint) {
  return { points, per: { currencyCode: 'USD', minorUnits: 10_000n }, mode: Mode.STEP };
}

export function rewards(...list: MessageInitShape<typeof RewardSchema>[]) {
  return new Map(
    list.map((reward) => [reward.rewardId ?? '', compileReward(create(RewardSchema, reward))]),
  );
}

/** The ledger's use cases on a database of their own, with a program that the test describes. */
export async function startUseCases(program: ProgramDefinition) {
  const database = await createTestDatabase('ledger');
  const pool = createPool({ url: database.url, max: 10, applicationName: 'test', logger: quiet });
  const recorded: RecordedEntry[] = [];
  let now = () => Date.now();
  const clock = () => now();
  const commit = createCommitToLedger({
    pool,
    encodeEvents(entries) {
      recorded.push(...entries);
      return Buffer.from('events');
    },
    clock,
    wakeRelay: () => undefined,
  });
  const queue = createCommitQueue({ commit });
  const catalog = { get: async () => program };
  const reader = createLedgerReader(pool);
  const useCases = {
    earn: createEarn({ catalog, queue, clock }),
    join: createJoinProgram({ catalog, queue }),
    redeem: createRedeem({ catalog, queue, clock, newRedemptionId: randomUUID }),
  };
  return {
    ...useCases,
    pool,
    program,
    reader,
    commit,
    /** Lets the ledger's clock say something else. */
    setClock(time: Date) {
      now = () => time.getTime();
    },
    async balance(userId: string) {
      const account = await reader.account({ programId: program.programId, userId });
      if (account === undefined) throw new Error(`${userId} is not a member`);
      return balanceAt(account, clock());
    },
    async stop() {
      await pool.end();
      await database.drop();
    },
  };
}

export function aPurchase(purchase: {
  userId: string;
  transactionId?: string;
  minorUnits: bigint;
  occurTime?: Date;
}): EarnInput {
  return {
    programId: 'wine-dine',
    userId: purchase.userId,
    transaction: create(TransactionSchema, {
      transactionId: purchase.transactionId ?? randomUUID(),
      occurTime: timestampFromDate(purchase.occurTime ?? new Date('2026-03-01T12:00:00Z')),
      amount: { currencyCode: 'USD', minorUnits: purchase.minorUnits },
    }),
  };
}

export function aRedemption(redemption: Partial<RedeemInput> & { userId: string }): RedeemInput {
  return {
    programId: 'wine-dine',
    idempotencyKey: randomUUID(),
    rewardId: 'glass',
    quantity: 1,
    capture: 'IMMEDIATE',
    holdSeconds: 0,
    points: 0n,
    expectedPoints: undefined,
    reference: '',
    madeByMember: false,
    ...redemption,
  };
}
