// Everything that a ledger of many members does with its database, at least once.
import {
  leaseDeferredRows,
  oldestAgeSeconds,
  postpone,
  remove,
} from '@loyalty/platform/outbox/leases.ts';
import { createKnex } from '@loyalty/platform/postgres/knex.ts';
import { MemberLimit_Period } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { Cap_Period } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import type { DeadLetters } from '../src/app/dead-letters.ts';
import { giveNotices } from '../src/app/give-notices.ts';
import type { Command } from '../src/app/ledger-store.ts';
import { encodeNotices } from '../src/events/notice-events.ts';
import { encodeSubmissionFailed } from '../src/events/submission-events.ts';
import { applicationSession } from '../src/storage/application-session.ts';
import { createDeadLetters } from '../src/storage/dead-letters.ts';
import { createNotices } from '../src/storage/notices.ts';
import { createProgramSnapshots } from '../src/storage/program-snapshots.ts';
import {
  aCart,
  aProgram,
  aPurchase,
  aRedemption,
  aRuleSet,
  author,
  goldTier,
  rewards,
  type startUseCases,
} from './commit-fixture.ts';
import { dayMs } from './moving-clock.ts';

export type Ledger = Awaited<ReturnType<typeof startUseCases>>;

const programId = 'wine-dine';

/** With a cap, a reward with a stock and a limit, and notices. */
export const program = aProgram({
  notices: { EXPIRING: 30, MATURING: 0 },
  ruleSets: [
    aRuleSet({
      earnRules: [
        {
          ruleId: 'base',
          award: {
            case: 'rate',
            value: { points: 5n, per: { currencyCode: 'USD', minorUnits: 10_000n }, mode: 1 },
          },
          cap: { points: 1_000_000n, period: Cap_Period.LIFETIME },
        },
      ],
    }),
  ],
  rewards: rewards({
    programId,
    rewardId: 'glass',
    displayName: 'A glass',
    price: { case: 'fixed', value: { points: 1n } },
    stock: { limit: 1_000n },
    memberLimit: { count: 100, period: MemberLimit_Period.MONTH },
  }),
});

const alice = { programId, userId: 'user-4711' };
const membershipId = 4711n;
const all = { kind: 'ALL' } as const;
const firstPage = { limit: 50, after: undefined };

/** The instant that balances are asked for. */
export const now = Date.parse('2026-04-01T12:00:00Z');

/** Works on a ledger that {@link fillLedger} filled. */
export async function doEverything(ledger: Ledger): Promise<void> {
  await callEverything(ledger);
  await commitManyAtOnce(ledger);
  await waitForLocks(ledger);
  await readEverything(ledger);
  await readJournals(ledger);
  await workInTheBackground(ledger);
  await keepDeadLetters(ledger);
}

async function callEverything(ledger: Ledger): Promise<void> {
  const report = aPurchase({ ...alice, minorUnits: 100_000n });
  const { transactionId } = report.purchase;
  const refund = { programId, refundId: 'refund', extent: { kind: 'FULL' as const } };
  await ledger.join({ ...alice, userId: 'newcomer', attributes: {}, byMember: false }, author);
  await ledger.earn(report, author);
  await ledger.reverseEarn({ ...refund, transactionId }, author);
  await ledger.reverseEarn({ ...refund, transactionId: 'not-yet' }, author);
  await ledger.cancelRefund({ ...refund, transactionId: 'not-yet' });
  const awaited = aPurchase({ ...alice, transactionId: 'awaited-10', minorUnits: 100n });
  await ledger.earn(awaited, author);
  const glass = { ...alice, rewardId: 'glass' };
  const { redemption } = await ledger.redeem(aRedemption(glass), author);
  const { redemptionId } = redemption;
  await ledger.reverse({ ...alice, redemptionId, idempotencyKey: 'key-1', part: all }, author);
  for (const end of [ledger.capture, ledger.cancel]) {
    const hold = await ledger.redeem(aRedemption({ ...glass, capture: 'HOLD' }), author);
    const held = { ...alice, redemptionId: hold.redemption.redemptionId };
    await end({ ...held, part: all, byMember: false }, author);
  }
  await ledger.adjust(
    { ...alice, idempotencyKey: 'key-2', points: 5n, reason: 'a gift', allowDeficit: false },
    author,
  );
  await ledger.update({ ...alice, attributes: goldTier, etags: [] }, author);
  const noTier = { kind: 'MERGE', set: {}, removed: ['tier'] } as const;
  await ledger.update({ ...alice, attributes: noTier, etags: [] }, author);
  await ledger.suspend(alice, author);
  await ledger.resume(alice, author);
  await ledger.leave({ ...alice, byMember: true }, author);
  // Of points that she lost when she left.
  await ledger.reverseEarn({ ...refund, transactionId: '4711-1' }, author);
}

/** As many in a transaction as there may be. */
async function commitManyAtOnce(ledger: Ledger): Promise<void> {
  const members = Array.from({ length: 500 }, (_, index) => `user-${10_000 + 173 * index}`);
  await Promise.all(
    members.map((userId) => ledger.earn(aPurchase({ userId, minorUnits: 10_000n }), author)),
  );
  await Promise.all(
    members.map((userId) => ledger.redeem(aRedemption({ userId, capture: 'HOLD' }), author)),
  );
}

/** What a command does that was blocked before. */
async function waitForLocks(ledger: Ledger): Promise<void> {
  const member = { programId, userId: 'user-10000' };
  const needs = { member, stock: { programId, rewardId: 'glass' } };
  const command: Command<undefined> = { needs, decide: () => undefined };
  await ledger.commit([command], { waits: true });
}

async function readEverything({ reader, quote, adjust }: Ledger): Promise<void> {
  await reader.membershipId(alice);
  await reader.account(alice, now);
  // One whose hold has ended.
  await reader.account({ programId, userId: 'user-100' }, Date.parse('2029-06-01'));
  // Nobody whose hold is the first to end, which the job below would bring up to date.
  const patient = { programId, userId: 'user-96327' };
  for (const days of [10, 20]) {
    const availableTime = Date.now() + days * dayMs;
    const dates = { availableTime, expireTime: availableTime + dayMs };
    const gift = { points: 5n, reason: 'a gift', allowDeficit: false, ...dates };
    await adjust({ ...patient, ...gift, idempotencyKey: `in ${days} days` }, author);
  }
  for (const by of ['EXPIRY', 'MATURITY'] as const) {
    await reader.accountByDate({ ...patient, by, after: 0, limit: 51 }, now);
  }
  await reader.accountsOfUser({ ...firstPage, userId: alice.userId, programs: undefined, now });
  const joinStartTime = Date.parse('2025-01-01Z');
  for (const filter of [
    {},
    { userIdPrefix: 'user-47' },
    { attribute: { key: 'tier', value: 'gold' } },
    { attribute: { key: 'tier', value: 'gold' }, state: 'SUSPENDED' as const },
    { state: 'SUSPENDED' as const },
    { joinStartTime },
    { joinStartTime, state: 'SUSPENDED' as const },
    { joinStartTime, userIdPrefix: 'user-4711' },
    { joinStartTime, attribute: { key: 'tier', value: 'platinum' } },
    { joinStartTime, attribute: { key: 'tier', value: 'gold' }, state: 'SUSPENDED' as const },
  ]) {
    await reader.accountsOfProgram({ programId, now, ...filter, ...firstPage });
  }
  await reader.earn({ programId, transactionId: '4711-1' });
  await reader.earns({ membershipId, ...firstPage });
  await reader.earnsById({ programId, transactionIds: ['4711-1', '4712-1', '4713-1'] });
  await reader.refundsById({
    programId,
    refunds: ['awaited-1', 'awaited-2'].map((transactionId) => ({
      transactionId,
      refundId: 'refund',
    })),
  });
  await reader.redemptionsById([
    { membershipId, redemptionId: 'spent-4711' },
    { membershipId: 4712n, redemptionId: 'spent-4712' },
  ]);
  await reader.refundsOf({ programId, transactionId: 'awaited-1' });
  await reader.waitingRefunds({ programId, ...firstPage });
  const journal = { membershipId, kinds: [], startTime: undefined, endTime: undefined };
  await reader.entries({ ...journal, ...firstPage });
  await reader.entries({ ...journal, kinds: ['CAPTURE', 'EARN'], ...firstPage });
  const period = { startTime: Date.parse('2026-01-01Z'), endTime: now };
  await reader.statement({ ...alice, ...period, ...firstPage, past: undefined }, now);
  const times = { startTime: undefined, endTime: undefined };
  const ofProgram = { programId, ...times, ...firstPage };
  for (const state of [undefined, 'POSTED', 'REVERSED'] as const) {
    await reader.earnsOfProgram({ ...ofProgram, state });
  }
  await reader.entriesOfProgram({ ...ofProgram, kinds: [] });
  const redemptions = { ...ofProgram, state: undefined, now: Date.now() };
  for (const rewardId of [undefined, 'cheese']) {
    for (const reference of [undefined, 'table 4']) {
      await reader.redemptionsOfProgram({ ...redemptions, rewardId, reference });
    }
  }
  await reader.redemption({ ...alice, redemptionId: 'spent-4711' });
  await reader.redemptions({ membershipId, ...firstPage });
  await reader.openHolds({ programId, now: Date.now(), ...firstPage });
  await quote({ ...alice, rewardId: 'glass', quantity: 1, byMember: false });
}

/** What a relay reads of entries of every kind, and a page of a program's journal. */
async function readJournals({ journal }: Ledger): Promise<void> {
  const period = { startTime: 0, endTime: Date.now() + dayMs };
  const after = { createTime: Date.parse('2026-03-01Z'), membershipId: 1n, sequence: 1n };
  for (const position of [undefined, after]) {
    await journal.keysOfProgram({ programId, ...period, limit: 50, after: position });
  }
  const sequences = Array.from({ length: 40 }, (_, index) => BigInt(index + 1));
  await journal.read(sequences.map((sequence) => ({ membershipId, sequence })));
}

async function workInTheBackground(ledger: Ledger): Promise<void> {
  const { setClock, bringDueUpToDate, quoteEarn, pool } = ledger;
  // At a time when somebody's points have expired.
  const now2030 = Date.parse('2030-01-01T12:00:00Z');
  setClock(new Date(now2030));
  // Of somebody whose hold of a limited reward has ended.
  await quoteEarn(aCart({ userId: 'user-10000', minorUnits: 100n }));
  const notices = createNotices({ pool, encodeNotices, wakeRelay: () => undefined });
  await notices.daysMax();
  const giving = { catalog: { get: async () => program }, notices, clock: () => now2030 };
  await giveNotices(giving, { daysMax: 30, after: undefined, limit: 200 });
  await bringDueUpToDate(10);
  const [first, second] = await leaseDeferredRows(pool, { limit: 16, leaseMs: 30_000, own: [1n] });
  await remove(pool, [first?.id ?? 0n]);
  await postpone(pool, { ids: [second?.id ?? 0n], delayMs: 1_000 });
  await oldestAgeSeconds(pool);
}

async function keepDeadLetters({ databaseUrl }: Ledger): Promise<void> {
  const url = applicationSession(databaseUrl);
  const knex = createKnex({ url, max: 1, applicationName: 'test' });
  await withEveryMethod(
    createDeadLetters({ knex, encodeFailure: encodeSubmissionFailed, wakeRelay: () => undefined }),
    callDeadLetters,
  );
  await withEveryMethod(createProgramSnapshots(knex), async (snapshots) => {
    await snapshots.keep({
      programId,
      epoch: 'first',
      revision: 1n,
      content: Buffer.from('definition'),
      noticeDays: 30,
    });
    await snapshots.find(programId);
    await snapshots.listRevisions({ limit: 10 });
  });
  await knex.destroy();
}

async function callDeadLetters(deadLetters: DeadLetters): Promise<void> {
  const failure = {
    ...{ state: 'WAITING' as const, reason: 'MEMBER_NOT_FOUND', detail: '' },
    failTime: now,
  };
  await deadLetters.keep({
    message: {
      subject: `loyalty.earn.v1.${programId}`,
      contentType: 'application/json',
      payload: Buffer.from('{}'),
      streamSequence: 1_000_000,
      streamTime: now,
      author,
    },
    about: { programId, transactionId: 'dead-0', refundId: '' },
    failure: { ...failure, retryAt: now },
  });
  const [letter] = await deadLetters.takeDue({ limit: 1, leaseMs: 1, now: Date.now() + 60_000 });
  const deadLetterId = letter?.deadLetterId ?? 0n;
  await deadLetters.recordFailure(deadLetterId, { ...failure, retryAt: now });
  await deadLetters.find({ deadLetterId, programs: [programId] });
  await deadLetters.remove([deadLetterId]);
  for (const state of ['DISCARDED', 'REPLAYED'] as const) {
    await deadLetters.decide(deadLetterId, { state, author, why: '', time: now });
  }
  await deadLetters.removeDecided({ before: now, limit: 10 });
  await deadLetters.count();
  await deadLetters.makeDue(programId, now);
  await deadLetters.ofPurchase({ programId, transactionId: 'dead-1' });
  for (const programs of [undefined, [programId]]) {
    for (const reason of [undefined, 'VALIDATION_FAILED']) {
      await deadLetters.list({ programs, state: undefined, reason, ...firstPage });
      await deadLetters.list({ programs, state: 'WAITING', reason, ...firstPage });
    }
  }
}

/** @throws {Error} when the work left out a method: statements that knex writes have no name by which one is missed */
async function withEveryMethod<Target extends object>(
  target: Target,
  work: (target: Target) => Promise<void>,
): Promise<void> {
  const left = new Set<string | symbol>(Object.keys(target));
  await work(
    new Proxy(target, {
      get(object, name) {
        left.delete(name);
        return Reflect.get(object, name);
      },
    }),
  );
  if (left.size > 0) throw new Error(`nothing calls ${[...left].map(String).join(', ')}`);
}
