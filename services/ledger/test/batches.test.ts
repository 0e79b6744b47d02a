// Whole batches: users who join by them, and corrections of many balances.
import { randomUUID } from 'node:crypto';
import { toBinary } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { BatchEarnResponseSchema } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import {
  admin,
  availablePoints,
  checkout,
  createMember,
  createProgram,
  purchase,
  refusalOf,
  type Setting,
  secondsAndNanos,
  startSetting,
} from './running-ledger.ts';

const dayMs = 86_400_000;

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

type EarnBatch = Parameters<Setting['clients']['ledger']['batchEarn']>[0];
type AdjustBatch = Parameters<Setting['clients']['ledger']['batchAdjust']>[0];

async function batchEarn(request: EarnBatch) {
  const { outcomes } = await setting.clients.ledger.batchEarn(request, checkout);
  return outcomes.map(({ result }) =>
    result.case === 'success' ? result.value.earn?.points : result.value?.reason,
  );
}

async function batchAdjust(request: AdjustBatch) {
  return (await setting.clients.ledger.batchAdjust(request, admin)).outcomes;
}

async function kindsOf(member: { programId: string; userId: string }): Promise<Entry_Kind[]> {
  const { entries } = await setting.clients.ledger.listEntries(member, checkout);
  return entries.map(({ kind }) => kind).toReversed();
}

/** A member of a program that takes no new ones. */
async function memberOfSuspended() {
  const member = await createMember(setting);
  const { programId } = member;
  await setting.clients.programs.suspendProgram({ programId }, admin);
  // The ledger hears of it a moment later.
  await eventually(async () => {
    const late = { programId, userId: `late-${randomUUID()}` };
    const refusal = await refusalOf(setting.clients.memberships.joinProgram(late, checkout));
    expect(refusal).toMatchObject({ reason: 'PROGRAM_NOT_ACTIVE' });
  });
  return member;
}

describe('a batch of purchases with join_missing', () => {
  test('makes users members in the commit of their first credit', async () => {
    const programId = await createProgram(setting);
    const earns = [10_000, 20_000, 30_000].map((cents) => ({
      userId: cents === 30_000 ? 'bob' : 'alice',
      transaction: purchase(cents),
    }));
    expect(await batchEarn({ programId, earns })).toEqual([
      ErrorReason.MEMBERSHIP_NOT_FOUND,
      ErrorReason.MEMBERSHIP_NOT_FOUND,
      ErrorReason.MEMBERSHIP_NOT_FOUND,
    ]);
    expect(await batchEarn({ programId, earns, joinMissing: true })).toEqual([5n, 10n, 15n]);
    expect(await availablePoints(setting, { programId, userId: 'alice' })).toBe(15n);
    const { JOINED, EARN } = Entry_Kind;
    expect(await kindsOf({ programId, userId: 'alice' })).toEqual([JOINED, EARN, EARN]);
    expect(await kindsOf({ programId, userId: 'bob' })).toEqual([JOINED, EARN]);
    expect(await batchEarn({ programId, earns, joinMissing: true })).toEqual([5n, 10n, 15n]);
    expect(await kindsOf({ programId, userId: 'bob' })).toEqual([JOINED, EARN]);
  });

  test('leaves alone who is a member, who left, and whose purchase is refused', async () => {
    const { programId, userId } = await createMember(setting);
    const left = { programId, userId: 'left' };
    await setting.clients.memberships.joinProgram(left, checkout);
    await setting.clients.memberships.leaveProgram(left, admin);
    const tomorrow = secondsAndNanos(Date.now() + dayMs);
    const outcomes = await batchEarn({
      programId,
      joinMissing: true,
      earns: [
        { userId, transaction: purchase(10_000) },
        { userId: 'left', transaction: purchase(10_000) },
        { userId: 'early', transaction: purchase(10_000, { occurTime: tomorrow }) },
      ],
    });
    expect(outcomes).toEqual([5n, ErrorReason.MEMBERSHIP_LEFT, ErrorReason.VALIDATION_FAILED]);
    const { JOINED, EARN, LEFT } = Entry_Kind;
    expect(await kindsOf({ programId, userId })).toEqual([JOINED, EARN]);
    expect(await kindsOf(left)).toEqual([JOINED, LEFT]);
    const early = setting.clients.ledger.getBalance({ programId, userId: 'early' }, checkout);
    expect(await refusalOf(early)).toMatchObject({ reason: 'MEMBERSHIP_NOT_FOUND' });
  });

  test('opens each account once, however many ask for it at the same time', async () => {
    const programId = await createProgram(setting);
    const batches = Array.from({ length: 8 }, () => ({
      programId,
      joinMissing: true,
      earns: Array.from({ length: 50 }, (_, user) => ({
        userId: `user-${user}`,
        transaction: purchase(10_000),
      })),
    }));
    const answers = await Promise.all(batches.map(batchEarn));
    expect(answers.flat().every((points) => points === 5n)).toBe(true);
    for (const userId of ['user-0', 'user-49']) {
      expect(await kindsOf({ programId, userId })).toEqual([
        Entry_Kind.JOINED,
        ...Array.from({ length: 8 }, () => Entry_Kind.EARN),
      ]);
    }
  });

  test('says of what may succeed later when to try again', async () => {
    const programId = await createProgram(setting, {
      settings: { limits: { earnsPerMinute: 1, redemptionsPerMinute: 5 } },
    });
    const earns = [1, 2].map(() => ({ userId: 'alice', transaction: purchase(10_000) }));
    const request = { programId, earns: [...earns, { userId: 'bob' }], joinMissing: true };
    const { outcomes } = await setting.clients.ledger.batchEarn(request, checkout);
    const [first, second, third] = outcomes.map(({ result }) => result);
    expect(first?.case).toBe('success');
    expect(second?.value).toMatchObject({
      reason: ErrorReason.VELOCITY_LIMIT,
      retryDelay: { $typeName: 'google.protobuf.Duration' },
    });
    expect(third?.value).toMatchObject({ reason: ErrorReason.VALIDATION_FAILED });
    expect(third?.value).not.toHaveProperty('retryDelay');
  });
});

describe('a batch of adjustments', () => {
  const opening = { idempotencyKey: 'opening', reason: 'opening balance' };

  test('corrects each balance once, and says of each other one what is wrong', async () => {
    const { programId, userId } = await createMember(setting, { cents: 20_000 });
    const adjustments = [
      { ...opening, userId, points: 7n },
      { ...opening, userId, points: 8n },
      { ...opening, userId, points: -50n, idempotencyKey: 'take' },
      { ...opening, userId: 'nobody', points: 1n },
      { ...opening, userId, points: 0n },
      { ...opening, userId, points: 1n, reason: 'a\0b', idempotencyKey: 'nul' },
    ];
    const outcomes = await batchAdjust({ programId, adjustments });
    expect(outcomes.map((outcome) => outcome.userId)).toEqual(
      adjustments.map((adjustment) => adjustment.userId),
    );
    const summary = outcomes.map(({ result }) =>
      result.case === 'success' ? result.value.entry?.points : result.value?.reason,
    );
    expect(summary).toEqual([
      7n,
      ErrorReason.IDEMPOTENCY_KEY_REUSED,
      ErrorReason.INSUFFICIENT_POINTS,
      ErrorReason.MEMBERSHIP_NOT_FOUND,
      ErrorReason.VALIDATION_FAILED,
      ErrorReason.VALIDATION_FAILED,
    ]);
    expect(outcomes[2]?.result.value).toMatchObject({ metadata: { missingPoints: '33' } });
    expect(outcomes[4]?.result.value).toMatchObject({ violations: [{ field: 'points' }] });
    const [again] = await batchAdjust({ programId, adjustments: adjustments.slice(0, 1) });
    expect(again?.result).toMatchObject({ value: { replayed: true, entry: { points: 7n } } });
    const alone = setting.clients.ledger.adjustBalance(
      { ...opening, programId, userId, points: 7n },
      admin,
    );
    expect(await alone).toMatchObject({ replayed: true, balance: { available: 17n } });
  });

  test('takes over balances with their dates, of users who join at theirs', async () => {
    const { programId, userId } = await createMember(setting);
    const joinTime = secondsAndNanos(Date.UTC(2020, 1, 29));
    const expireTime = secondsAndNanos(Date.UTC(2100, 0, 1));
    const points = { points: 50n, joinTime, expireTime };
    const adjustments = [
      { ...opening, ...points, userId: 'carol' },
      { ...opening, ...points, userId: 'carol', idempotencyKey: 'second', joinTime: expireTime },
      { ...opening, ...points, userId },
      { ...opening, ...points, userId: 'early', joinTime: expireTime },
    ];
    const outcomes = await batchAdjust({ programId, adjustments, joinMissing: true });
    expect(outcomes.map(({ result }) => result.case)).toEqual([
      'success',
      'success',
      'success',
      'failure',
    ]);
    expect(outcomes[3]?.result.value).toMatchObject({ violations: [{ field: 'join_time' }] });
    const { memberships } = setting.clients;
    const carol = await memberships.getMembership({ programId, userId: 'carol' }, admin);
    expect(carol.membership).toMatchObject({
      joinTime,
      balance: { available: 100n, lifetimeEarned: 0n, nextExpiry: { points: 100n } },
    });
    const alice = await memberships.getMembership({ programId, userId }, admin);
    expect(timestampMs(alice.membership?.joinTime ?? (expireTime as never))).toBeGreaterThan(
      Date.UTC(2026),
    );
    expect(alice.membership?.balance).toMatchObject({ available: 50n });
  });

  const later = secondsAndNanos(Date.UTC(2100, 0, 1));
  test.each([
    ['no points', { points: 0n }],
    ['more points than a balance may have', { points: 2n ** 53n }],
    ['no key', { idempotencyKey: '' }],
    ['no reason', { reason: '' }],
    ['a reserved user', { userId: 'me' }],
    ['dates of points that are taken', { points: -1n, expireTime: later }],
    ['an end before the beginning', { availableTime: later, expireTime: later }],
  ])('refuses %s as a call of its own does, also with the names of JSON', async (_, changes) => {
    const { programId, userId } = await createMember(setting);
    const item = { ...opening, userId, points: 1n, ...changes };
    const { ledger } = setting.clients;
    for (const caller of [admin, { ...admin, fieldNames: 'json' as const }]) {
      const alone = await refusalOf(ledger.adjustBalance({ ...item, programId }, caller));
      const { outcomes } = await ledger.batchAdjust({ programId, adjustments: [item] }, caller);
      const { value } = outcomes[0]?.result ?? {};
      expect(alone.violations?.length).toBeGreaterThan(0);
      expect(value).toMatchObject({
        reason: ErrorReason.VALIDATION_FAILED,
        violations: (alone.violations ?? []).map(({ field, message }) => ({ field, message })),
      });
    }
  });

  test('joins nobody who left, and nobody while the program is suspended', async () => {
    const { programId } = await createMember(setting);
    const left = { programId, userId: 'left' };
    await setting.clients.memberships.joinProgram(left, checkout);
    await setting.clients.memberships.leaveProgram(left, admin);
    const toLeft = { ...opening, userId: 'left', points: 1n };
    const [refused] = await batchAdjust({ programId, adjustments: [toLeft], joinMissing: true });
    expect(refused?.result.value).toMatchObject({ reason: ErrorReason.MEMBERSHIP_LEFT });

    const suspended = await memberOfSuspended();
    const adjustments = [
      { ...opening, userId: suspended.userId, points: 1n },
      { ...opening, userId: 'new', points: 1n },
    ];
    const outcomes = await batchAdjust({ ...suspended, adjustments, joinMissing: true });
    expect(outcomes[0]?.result.case).toBe('success');
    expect(outcomes[1]?.result.value).toMatchObject({ reason: ErrorReason.PROGRAM_NOT_ACTIVE });
  });

  test('of more than a thousand, or of none, is refused whole, and so is a backend', async () => {
    const { programId, userId } = await createMember(setting);
    const many = Array.from({ length: 1_001 }, () => ({ ...opening, userId, points: 1n }));
    expect(await refusalOf(batchAdjust({ programId, adjustments: many }))).toMatchObject({
      code: 3,
    });
    expect(await refusalOf(batchAdjust({ programId }))).toMatchObject({ code: 3 });
    const { ledger } = setting.clients;
    const byBackend = ledger.batchAdjust({ programId, adjustments: many.slice(0, 1) }, checkout);
    expect(await refusalOf(byBackend)).toMatchObject({ reason: 'PERMISSION_DENIED' });
    expect(await availablePoints(setting, { programId, userId })).toBe(0n);
  });
});

describe('the response to a batch', () => {
  const bytesMax = 3 * 1024 * 1024;

  test('leaves out explanations from its end once it would be too large, and GetEarn has them', async () => {
    const { programId, userId } = await createMember(setting);
    const { ruleSets, ledger } = setting.clients;
    const earnRules = Array.from({ length: 70 }, (_, rule) => ({
      ruleId: `rule-${rule}-${'x'.repeat(40)}`,
      displayName: `The rule number ${rule}, ${'y'.repeat(60)}`,
      award: { case: 'fixed' as const, value: { points: 1n } },
    }));
    const { ruleSet } = await ruleSets.createRuleSet({ programId, ruleSet: { earnRules } }, admin);
    const version = ruleSet?.version ?? 0;
    await ruleSets.publishRuleSet({ programId, version }, admin);
    await eventually(async () => {
      const { earn } = await ledger.earn({ programId, userId, transaction: purchase(1) }, checkout);
      expect(earn?.ruleSetVersion).toBe(version);
    });

    const earns = Array.from({ length: 1000 }, () => ({ userId, transaction: purchase(10_000) }));
    for (const replayed of [false, true]) {
      const answer = await ledger.batchEarn({ programId, earns }, checkout);
      expect(toBinary(BatchEarnResponseSchema, answer).length).toBeLessThan(bytesMax + 10_000);
      const credited = answer.outcomes.flatMap(({ result }) =>
        result.case === 'success' ? [result.value] : [],
      );
      expect(credited).toHaveLength(1000);
      expect(credited.every((success) => success.replayed === replayed)).toBe(true);
      expect(credited.every(({ earn }) => earn?.points === 70n)).toBe(true);
      const kept = credited.findIndex(({ earn }) => earn?.explanationOmitted);
      expect(kept).toBeGreaterThan(100);
      for (const [index, { earn }] of credited.entries()) {
        expect(earn?.explanationOmitted).toBe(index >= kept);
        expect(earn?.explanation).toHaveLength(index >= kept ? 0 : 70);
      }
    }
    const transactionId = earns[999]?.transaction.transactionId ?? '';
    const { earn } = await ledger.getEarn({ programId, transactionId }, checkout);
    expect(earn).toMatchObject({ explanationOmitted: false });
    expect(earn?.explanation).toHaveLength(70);
  });
});
