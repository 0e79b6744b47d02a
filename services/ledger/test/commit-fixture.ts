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
import type { Author } from '@loyalty/rules/author.ts';
import { compileRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import { compileReward } from '@loyalty/rules/reward-availability.ts';
import { createZoneClock } from '@loyalty/rules/zone-clock.ts';
import type { Pool } from 'pg';
import { adjustBalance } from '../src/app/adjust-balance.ts';
import type { App } from '../src/app/app.ts';
import { bringDueUpToDate } from '../src/app/bring-due-up-to-date.ts';
import { cancelRedemption } from '../src/app/cancel-redemption.ts';
import { cancelRefund } from '../src/app/cancel-refund.ts';
import { captureRedemption } from '../src/app/capture-redemption.ts';
import { createCommitQueue } from '../src/app/commit-queue.ts';
import { earn } from '../src/app/earn.ts';
import { getStatement } from '../src/app/get-statement.ts';
import { joinProgram } from '../src/app/join-program.ts';
import { leaveProgram } from '../src/app/leave-program.ts';
import { type CommitToLedger, LostRace } from '../src/app/ledger-store.ts';
import { listExpiries, listMaturities } from '../src/app/list-expiries.ts';
import type { ProgramDefinition } from '../src/app/program-catalog.ts';
import { createProgramSummaries } from '../src/app/program-summaries.ts';
import { type QuoteEarnInput, quoteEarn } from '../src/app/quote-earn.ts';
import { quoteRedemption } from '../src/app/quote-redemption.ts';
import { type RedeemInput, redeem } from '../src/app/redeem.ts';
import type { EarnInput } from '../src/app/reports.ts';
import { resumeMembership } from '../src/app/resume-membership.ts';
import { reverseEarn } from '../src/app/reverse-earn.ts';
import { reverseRedemption } from '../src/app/reverse-redemption.ts';
import { suspendMembership } from '../src/app/suspend-membership.ts';
import { updateMembership } from '../src/app/update-membership.ts';
import { balanceAt } from '../src/domain/balance.ts';
import { ProgramNotFound } from '../src/domain/errors.ts';
import { encodeKeys } from '../src/events/outbox-entries.ts';
import { applicationSession, lockTimeoutMs } from '../src/storage/application-session.ts';
import { type Announced, createCommitToLedger } from '../src/storage/commit-to-ledger.ts';
import { createJournalReader } from '../src/storage/journal-reader.ts';
import { createLedgerReader } from '../src/storage/ledger-reader.ts';
import { createProgramTotalsReader } from '../src/storage/read-program-totals.ts';
import { createRuleNames } from '../src/storage/rule-names.ts';
import { expectHealthy } from './expect-healthy.ts';

export const author: Author = { actor: 'service:test', requestId: 'request-1' };

/** An update that makes somebody a gold member. */
export const goldTier = { kind: 'MERGE', set: { tier: 'gold' }, removed: [] } as const;

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
    unit: { singular: 'point', plural: 'points' },
    notices: { EXPIRING: 0, MATURING: 0 },
    ruleSets: [aRuleSet({})],
    withdrawnRuleSets: [],
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

/** The ledger's use cases on a database of their own, with programs that the test describes. */
export async function startUseCases(program: ProgramDefinition, ...others: ProgramDefinition[]) {
  const database = await createTestDatabase('ledger');
  const programs = new Map([program, ...others].map((each) => [each.programId, each]));
  let now = () => Date.now();
  const clock = () => now();
  const replicas: { pool: Pool }[] = [];
  let redemptions = 0;
  /** In the order in which they are made, since holds that end together are released in the order of their ids. */
  function newRedemptionId(): string {
    redemptions += 1;
    return `redemption-${String(redemptions).padStart(8, '0')}`;
  }

  /** One more process on the same database, with connections, a queue and a clock of its own. */
  function addReplica({
    aheadMs = 0,
    duringCommit = () => undefined,
    announce = () => undefined,
  }: {
    aheadMs?: number;
    /** Called in the middle of each transaction, between its locks and what it writes. */
    duringCommit?: () => void;
    /** Called after each commit, as the relay is. */
    announce?: (announced: Announced) => void;
  } = {}) {
    const replica = openReplica({
      url: database.url,
      programs,
      clock: () => now() + aheadMs,
      newRedemptionId,
      duringCommit,
      announce,
    });
    replicas.push(replica);
    return replica;
  }

  async function discard() {
    await Promise.all(replicas.map(({ pool }) => pool.end()));
    await database.drop();
  }

  let announce: (announced: Announced) => void = () => undefined;
  const first = addReplica({ announce: (announced) => announce(announced) });
  return {
    ...first,
    program,
    clock,
    addReplica,
    /** Lets the clock of all replicas say something else. */
    setClock(time: Date) {
      now = () => time.getTime();
    },
    /** Calls the listener after each commit of the first replica, as its relay is called. */
    onCommit(listener: (announced: Announced) => void) {
      announce = listener;
    },
    /** Adds a program, or changes one. */
    define(changed: ProgramDefinition) {
      programs.set(changed.programId, changed);
    },
    async balance(userId: string) {
      const at = clock();
      const account = await first.reader.account({ programId: program.programId, userId }, at);
      if (account === undefined) throw new Error(`${userId} is not a member`);
      return balanceAt(account, at);
    },
    /** The database as its owner, who may do what the ledger may not. */
    databaseUrl: database.url,
    /**
     * Ends the test, with a look at whether the ledger is still sound. Its earns are derived again, unless they were filled
     * in by SQL.
     */
    async stop({ derived = true } = {}) {
      const pool = createPool({
        url: database.url,
        max: 1,
        applicationName: 'test',
        logger: quiet,
      });
      try {
        await expectHealthy(pool, { findProgram: async (id) => programs.get(id), derived });
      } finally {
        await pool.end();
        await discard();
      }
    },
    /** Ends a test that broke the ledger on purpose. */
    discard,
  };
}

export type UseCases = ReturnType<typeof openReplica>;

function openReplica({
  url,
  programs,
  clock,
  newRedemptionId,
  duringCommit,
  announce,
}: {
  url: string;
  programs: ReadonlyMap<string, ProgramDefinition>;
  clock: () => number;
  newRedemptionId: () => string;
  duringCommit: () => void;
  announce: (announced: Announced) => void;
}) {
  const pool = createPool({
    url: applicationSession(url),
    max: 10,
    applicationName: 'test',
    lockTimeoutMs,
    logger: quiet,
  });
  const ruleNames = createRuleNames(pool);
  const commitToLedger = createCommitToLedger({
    pool,
    encodeKeys(entries) {
      duringCommit();
      return encodeKeys(entries);
    },
    clock,
    ruleNames,
    announce,
  });
  const deadlocks: unknown[] = [];
  const commit: CommitToLedger = async (commands, options) => {
    try {
      return await commitToLedger(commands, options);
    } catch (error) {
      if (error instanceof LostRace && sqlState(error.cause) === '40P01') deadlocks.push(error);
      throw error;
    }
  };
  async function get(programId: string): Promise<ProgramDefinition> {
    const program = programs.get(programId);
    if (program === undefined) throw new ProgramNotFound(programId);
    return program;
  }
  const reader = createLedgerReader(pool);
  const journal = createJournalReader(pool, ruleNames);
  const app: App = {
    catalog: { get, getLatest: get },
    // Beside other tests the machine is slow, and no burst is to be refused for that.
    queue: createCommitQueue({ commit, maxWaitMs: 60_000 }).queue,
    reader,
    journal,
    summaries: createProgramSummaries({ clock, readTotals: createProgramTotalsReader(pool) }),
    clock,
    newRedemptionId,
  };
  /** The use case on this replica. */
  const on =
    <Input extends unknown[], Result>(useCase: (app: App, ...input: Input) => Promise<Result>) =>
    (...input: Input) =>
      useCase(app, ...input);
  return {
    pool,
    reader,
    journal,
    commit,
    /** Those that the database resolved by undoing a transaction, which was run again. */
    deadlocks,
    earn: on(earn),
    reverseEarn: on(reverseEarn),
    cancelRefund: on(cancelRefund),
    join: on(joinProgram),
    update: on(updateMembership),
    suspend: on(suspendMembership),
    resume: on(resumeMembership),
    leave: on(leaveProgram),
    adjust: on(adjustBalance),
    quote: on(quoteRedemption),
    quoteEarn: on(quoteEarn),
    statement: on(getStatement),
    listExpiries: on(listExpiries),
    listMaturities: on(listMaturities),
    redeem: on(redeem),
    capture: on(captureRedemption),
    cancel: on(cancelRedemption),
    reverse: on(reverseRedemption),
    bringDueUpToDate: on(bringDueUpToDate),
  };
}

function sqlState(error: unknown): unknown {
  return Error.isError(error) && 'code' in error ? error.code : undefined;
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
    purchase: create(TransactionSchema, {
      transactionId: purchase.transactionId ?? randomUUID(),
      occurTime: timestampFromDate(purchase.occurTime ?? new Date('2026-03-01T12:00:00Z')),
      amount: { currencyCode: 'USD', minorUnits: purchase.minorUnits },
    }),
  };
}

/** A purchase to quote: what {@link aPurchase} reports, without an id or a time. */
export function aCart(purchase: { userId: string; minorUnits: bigint }): QuoteEarnInput {
  const { programId, userId, purchase: reported } = aPurchase(purchase);
  const { amount } = reported;
  const cart = create(TransactionSchema, amount === undefined ? {} : { amount });
  return { programId, userId, purchase: cart, byMember: false };
}

export function aRedemption(redemption: Partial<RedeemInput> & { userId: string }): RedeemInput {
  return {
    programId: 'wine-dine',
    idempotencyKey: randomUUID(),
    rewardId: 'glass',
    quantity: 1,
    capture: 'IMMEDIATE',
    holdSeconds: undefined,
    expectedPoints: undefined,
    reference: '',
    madeByMember: false,
    ...redemption,
  };
}
