import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import { DeadLetterService } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_service_pb.ts';
import { Refund_State } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import {
  RedeemRequest_Capture,
  RedemptionService,
} from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { createCustomProgram, fixed } from './custom-program.ts';
import { dayMs, type MovingSetting, startMovingSetting } from './moving-clock.ts';
import { amount, full, reportsTo } from './refund-reports.ts';
import { admin, checkout, refusalOf, tokenOf } from './running-ledger.ts';

let setting: MovingSetting;
let archived: Archived;
beforeAll(async () => {
  setting = await startMovingSetting();
  archived = await archiveBusyProgram();
});
afterAll(() => setting.stop());

const { HOLD, IMMEDIATE } = RedeemRequest_Capture;
const { purchaseNow, refund } = reportsTo(() => setting);
const alice = await tokenOf('member', 'alice');

type Archived = Awaited<ReturnType<typeof archiveBusyProgram>>;
type Clients = MovingSetting['clients'];

/** A program in which everything that can be repeated has been done, and that is archived then. */
async function archiveBusyProgram() {
  const programId = await createCustomProgram(setting, {
    rewards: [fixed('glass', 10n)],
    ruleSet: {
      maturation: { policy: { case: 'after', value: { days: 5 } } },
      expiry: { policy: { case: 'after', value: { period: { case: 'days', value: 5 } } } },
    },
  });
  const { memberships, ledger, programs, redemptions } = setting.clients;
  const [member, suspended, left, nobody] = ['alice', 'sue', 'lea', 'nobody'].map((userId) => ({
    programId,
    userId,
  }));
  if (!member || !suspended || !left || !nobody) throw new Error('a user is missing');
  for (const each of [member, suspended, left]) await memberships.joinProgram(each, checkout);
  await memberships.suspendMembership(suspended, admin);
  await memberships.leaveProgram(left, admin);

  const earn = { ...member, transaction: purchaseNow(30) };
  await ledger.earn(earn, checkout);
  const credited = { programId, transactionId: earn.transaction.transactionId };
  const awaited = { programId, transactionId: 'awaited' };
  await refund(awaited, full, 'old');
  const adjustment = { ...member, points: 100n, reason: 'a gift', idempotencyKey: 'gift' };
  await ledger.adjustBalance(adjustment, admin);

  const glass = { ...member, rewardId: 'glass' };
  const redeem = async (idempotencyKey: string, capture: RedeemRequest_Capture = HOLD) => {
    const answer = await redemptions.redeem({ ...glass, idempotencyKey, capture }, checkout);
    return { ...member, redemptionId: answer.redemption?.redemptionId ?? '' };
  };
  const spent = await redeem('spent', IMMEDIATE);
  const captured = await redeem('captured');
  const cancelled = await redeem('cancelled');
  await redemptions.captureRedemption(captured, checkout);
  await redemptions.cancelRedemption(cancelled, checkout);
  const reversal = { ...(await redeem('reversed', IMMEDIATE)), idempotencyKey: 'r' };
  await redemptions.reverseRedemption(reversal, checkout);

  await programs.suspendProgram({ programId }, admin);
  await programs.archiveProgram({ programId }, admin);
  await eventually(async () => {
    const { quote } = await redemptions.quoteRedemption(glass, checkout);
    expect(quote?.obstacles).toMatchObject([{ metadata: { state: 'ARCHIVED' } }]);
  });
  return {
    ...{ programId, member, suspended, left, nobody, earn, credited, awaited, adjustment },
    ...{ glass, spent, captured, cancelled, reversal },
  };
}

/** Calls, by the RPC and what it is about. */
type Calls = Readonly<Record<string, (clients: Clients, of: Archived) => Promise<unknown>>>;

const refused: Calls = {
  'JoinProgram of a user who is new': ({ memberships }, { nobody }) =>
    memberships.joinProgram(nobody, checkout),
  'JoinProgram of one who comes back': ({ memberships }, { left }) =>
    memberships.joinProgram(left, checkout),
  'UpdateMembership of a member': ({ memberships }, { member }) =>
    memberships.updateMembership({ ...member, membership: { attributes: { a: 'b' } } }, admin),
  'UpdateMembership of nobody': ({ memberships }, { nobody }) =>
    memberships.updateMembership({ ...nobody, membership: { attributes: {} } }, admin),
  'SuspendMembership of a member': ({ memberships }, { member }) =>
    memberships.suspendMembership(member, admin),
  'SuspendMembership of one who is suspended': ({ memberships }, { suspended }) =>
    memberships.suspendMembership(suspended, admin),
  'SuspendMembership of one who left': ({ memberships }, { left }) =>
    memberships.suspendMembership(left, admin),
  'ResumeMembership of one who is suspended': ({ memberships }, { suspended }) =>
    memberships.resumeMembership(suspended, admin),
  'ResumeMembership of nobody': ({ memberships }, { nobody }) =>
    memberships.resumeMembership(nobody, admin),
  'LeaveProgram by an admin': ({ memberships }, { member }) =>
    memberships.leaveProgram(member, admin),
  'LeaveProgram by the member': ({ memberships }, { member }) =>
    memberships.leaveProgram(member, alice),
  'LeaveProgram of one who left': ({ memberships }, { left }) =>
    memberships.leaveProgram(left, admin),
  'Earn of a member': ({ ledger }, { member }) =>
    ledger.earn({ ...member, transaction: purchaseNow(1) }, checkout),
  'Earn of nobody': ({ ledger }, { nobody }) =>
    ledger.earn({ ...nobody, transaction: purchaseNow(1) }, checkout),
  'Earn that a refund waits for': ({ ledger }, { member, awaited: { transactionId } }) =>
    ledger.earn({ ...member, transaction: { ...purchaseNow(1), transactionId } }, checkout),
  'ReverseEarn of an unknown transaction': (_, { programId }) =>
    refund({ programId, transactionId: 'unknown' }, full),
  'ReverseEarn of one that another refund waits for': (_, { awaited }) =>
    refund(awaited, full, 'new'),
  'AdjustBalance of a member': ({ ledger }, { adjustment }) =>
    ledger.adjustBalance({ ...adjustment, idempotencyKey: 'new' }, admin),
  'AdjustBalance of nobody': ({ ledger }, { adjustment, nobody }) =>
    ledger.adjustBalance({ ...adjustment, ...nobody }, admin),
  'Redeem by a member': ({ redemptions }, { glass }) =>
    redemptions.redeem({ ...glass, idempotencyKey: 'new' }, checkout),
  'Redeem by one who is suspended': ({ redemptions }, { glass, suspended }) =>
    redemptions.redeem({ ...glass, ...suspended, idempotencyKey: 'new' }, checkout),
  'Redeem by nobody': ({ redemptions }, { glass, nobody }) =>
    redemptions.redeem({ ...glass, ...nobody, idempotencyKey: 'new' }, checkout),
  'CaptureRedemption of what was spent at once': ({ redemptions }, { spent }) =>
    redemptions.captureRedemption(spent, checkout),
  'CaptureRedemption of a cancelled hold': ({ redemptions }, { cancelled }) =>
    redemptions.captureRedemption(cancelled, checkout),
  'CaptureRedemption by nobody': ({ redemptions }, { spent, nobody }) =>
    redemptions.captureRedemption({ ...spent, ...nobody }, checkout),
  'CancelRedemption of a captured hold': ({ redemptions }, { captured }) =>
    redemptions.cancelRedemption(captured, checkout),
  'CancelRedemption of no redemption': ({ redemptions }, { member }) =>
    redemptions.cancelRedemption({ ...member, redemptionId: 'none' }, checkout),
  'ReverseRedemption of what was spent': ({ redemptions }, { spent }) =>
    redemptions.reverseRedemption({ ...spent, idempotencyKey: 'new' }, checkout),
  'ReverseRedemption of no redemption': ({ redemptions }, { spent }) =>
    redemptions.reverseRedemption(
      { ...spent, redemptionId: 'none', idempotencyKey: 'new' },
      checkout,
    ),
};

const repeated: Calls = {
  'JoinProgram of a member': ({ memberships }, { member }) =>
    memberships.joinProgram(member, checkout),
  'Earn of a credited transaction': ({ ledger }, { earn }) => ledger.earn(earn, checkout),
  'ReverseEarn of a refund that waits': (_, { awaited }) => refund(awaited, full, 'old'),
  'AdjustBalance with its key': ({ ledger }, { adjustment }) =>
    ledger.adjustBalance(adjustment, admin),
  'Redeem with its key': ({ redemptions }, { glass }) =>
    redemptions.redeem({ ...glass, idempotencyKey: 'captured', capture: HOLD }, checkout),
  'CaptureRedemption of a captured hold': ({ redemptions }, { captured }) =>
    redemptions.captureRedemption(captured, checkout),
  'CancelRedemption of a cancelled hold': ({ redemptions }, { cancelled }) =>
    redemptions.cancelRedemption(cancelled, checkout),
  'ReverseRedemption with its key': ({ redemptions }, { reversal }) =>
    redemptions.reverseRedemption(reversal, checkout),
};

const contradicted: Calls = {
  TRANSACTION_CONFLICT: ({ ledger }, { earn, credited: { transactionId } }) =>
    ledger.earn({ ...earn, transaction: { ...purchaseNow(1), transactionId } }, checkout),
  REFUND_CONFLICT: (_, { awaited }) => refund(awaited, amount(1n), 'old'),
  IDEMPOTENCY_KEY_REUSED: ({ ledger }, { adjustment }) =>
    ledger.adjustBalance({ ...adjustment, points: 1n }, admin),
  'IDEMPOTENCY_KEY_REUSED by Redeem': ({ redemptions }, { glass }) =>
    redemptions.redeem({ ...glass, quantity: 2, idempotencyKey: 'spent' }, checkout),
  'IDEMPOTENCY_KEY_REUSED by ReverseRedemption': ({ redemptions }, { spent }) =>
    redemptions.reverseRedemption({ ...spent, idempotencyKey: 'r' }, checkout),
};

describe('in an archived program', () => {
  test.each(Object.entries(refused))('%s is refused', async (_, call) => {
    expect(await refusalOf(call(setting.clients, archived))).toMatchObject({
      code: 9,
      reason: 'PROGRAM_NOT_ACTIVE',
      metadata: { programId: archived.programId, state: 'ARCHIVED' },
    });
  });

  test.each(Object.entries(repeated))('%s is answered again', async (_, call) => {
    expect(await call(setting.clients, archived)).toMatchObject({ replayed: true });
  });

  test.each(Object.entries(contradicted))('other content is still %s', async (error, call) => {
    const [reason] = error.split(' ');
    expect(await refusalOf(call(setting.clients, archived))).toMatchObject({ reason });
  });

  test('each purchase of a batch is answered by itself', async () => {
    const { programId, earn } = archived;
    const earns = [earn, { ...earn, transaction: purchaseNow(1) }];
    const { outcomes } = await setting.clients.ledger.batchEarn({ programId, earns }, checkout);
    expect(outcomes.map(({ result }) => result)).toMatchObject([
      { case: 'success', value: { replayed: true } },
      { case: 'failure', value: { reason: ErrorReason.PROGRAM_NOT_ACTIVE } },
    ]);
  });

  test('each correction of a batch is answered by itself', async () => {
    const { programId, adjustment } = archived;
    const adjustments = [adjustment, { ...adjustment, idempotencyKey: 'another' }];
    const { outcomes } = await setting.clients.ledger.batchAdjust(
      { programId, adjustments },
      admin,
    );
    expect(outcomes.map(({ result }) => result)).toMatchObject([
      { case: 'success', value: { replayed: true } },
      { case: 'failure', value: { reason: ErrorReason.PROGRAM_NOT_ACTIVE } },
    ]);
  });

  test('a submitted purchase becomes a dead letter, which can be replayed in vain and discarded', async () => {
    const { programId, member } = archived;
    const { ledger, deadLetters } = setting.clients;
    const transaction = purchaseNow(1);
    await ledger.submitEarn({ ...member, transaction }, checkout);
    const deadLetterId = await eventually(async () => {
      const list = await deadLetters.listDeadLetters({ programId }, admin);
      expect(list.deadLetters).toMatchObject([{ reason: ErrorReason.PROGRAM_NOT_ACTIVE }]);
      return list.deadLetters[0]?.deadLetterId ?? '';
    });
    await deadLetters.replayDeadLetter({ deadLetterId }, admin);
    const { deadLetter } = await deadLetters.getDeadLetter({ deadLetterId }, admin);
    expect(deadLetter).toMatchObject({ attempts: 2, reason: ErrorReason.PROGRAM_NOT_ACTIVE });
    await deadLetters.discardDeadLetter({ deadLetterId }, admin);
  });

  test('a refund that waits can be cancelled', async () => {
    const { refund: cancelled } = await setting.clients.ledger.cancelRefund(
      { ...archived.awaited, refundId: 'old' },
      checkout,
    );
    expect(cancelled?.state).toBe(Refund_State.CANCELLED);
  });

  test('a credited transaction is refunded', async () => {
    const { refund: applied } = await refund(archived.credited, amount(1_000n));
    expect(applied).toMatchObject({ state: Refund_State.APPLIED, points: 10n });
  });

  test('points mature and expire', async () => {
    const { member } = archived;
    const { ledger } = setting.clients;
    setting.letPass(30 * dayMs);
    await eventually(async () => {
      const { entries } = await ledger.listEntries(member, checkout);
      expect(entries.slice(0, 2).map(({ kind }) => kind)).toEqual([
        Entry_Kind.EXPIRE,
        Entry_Kind.MATURE,
      ]);
    });
    const { balance } = await ledger.getBalance(member, checkout);
    expect(balance).toMatchObject({ available: 0n, pending: 0n });
  });

  test('there is an answer to each RPC that changes something', () => {
    const commands = [MembershipService, LedgerService, RedemptionService, DeadLetterService]
      .flatMap(({ methods }) => methods)
      .filter(({ idempotency }) => idempotency !== IdempotencyLevel.NO_SIDE_EFFECTS);
    const tested = new Set([
      ...[...Object.keys(refused), ...Object.keys(repeated)].map((title) => title.split(' ')[0]),
      ...[
        'BatchEarn',
        'BatchAdjust',
        'SubmitEarn',
        'CancelRefund',
        'ReplayDeadLetter',
        'DiscardDeadLetter',
      ],
    ]);
    expect(commands.map(({ name }) => name).filter((name) => !tested.has(name))).toEqual([]);
  });
});
