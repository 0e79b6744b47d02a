import { timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { Redemption_State } from '@loyalty/proto/loyalty/ledger/v1/redemption_pb.ts';
import { MemberLimit_Period } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { type CustomProgram, conversion, createCustomMember, fixed } from './custom-program.ts';
import { dayMs, type MovingSetting, startMovingSetting } from './moving-clock.ts';
import { admin, checkout, purchase, refusalOf, secondsAndNanos } from './running-ledger.ts';

let setting: MovingSetting;
beforeAll(async () => {
  setting = await startMovingSetting();
});
afterAll(() => setting.stop());

type Member = { programId: string; userId: string };
type Request = Parameters<MovingSetting['clients']['redemptions']['redeem']>[0];
type RedemptionPart = { case: 'quantity'; value: number } | { case: 'points'; value: bigint };

const rewards = [fixed('glass', 10n), conversion('cash')];
const expiry = {
  policy: { case: 'after', value: { period: { case: 'days', value: 2 } } },
} as const;

/** A member with the points of a purchase made now. */
async function memberWith(dollars: number, program: CustomProgram = {}): Promise<Member> {
  const member = await createCustomMember(setting, { rewards, ...program });
  const occurTime = secondsAndNanos(setting.now());
  const transaction = purchase(dollars * 100, { occurTime });
  await setting.clients.ledger.earn({ ...member, transaction }, checkout);
  return member;
}

async function spend(member: Member, changes: Request = {}) {
  const { redemption } = await setting.clients.redemptions.redeem(
    { ...member, rewardId: 'glass', idempotencyKey: 'spend', ...changes },
    checkout,
  );
  return { ...member, redemptionId: redemption?.redemptionId ?? '' };
}

function reverse(
  spent: Member & { redemptionId: string },
  idempotencyKey: string,
  part?: RedemptionPart,
) {
  const request = { ...spent, idempotencyKey, ...(part !== undefined && { part }) };
  return setting.clients.redemptions.reverseRedemption(request, checkout);
}

async function balanceOf(member: Member) {
  return (await setting.clients.ledger.getBalance(member, checkout)).balance;
}

describe('reversing', () => {
  test('gives everything back, once for each key', async () => {
    const member = await memberWith(25);
    const spent = await spend(member, { quantity: 2 });
    const first = await reverse(spent, 'r1');
    expect(first).toMatchObject({
      replayed: false,
      redemption: { state: Redemption_State.REVERSED, points: 20n, reversedPoints: 20n },
      balance: { available: 25n, lifetimeRedeemed: 0n },
    });
    expect(await reverse(spent, 'r1')).toEqual({ ...first, replayed: true });
    expect(await refusalOf(reverse(spent, 'r2'))).toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
      metadata: { from: 'REVERSED', to: 'REVERSED' },
    });
    const { entries } = await setting.clients.ledger.listEntries(member, checkout);
    expect(entries[0]).toMatchObject({ kind: Entry_Kind.RETURN, points: 20n });
  });

  test('a part leaves the rest spent, until that is reversed too', async () => {
    const member = await memberWith(50);
    const spent = await spend(member, { quantity: 3 });
    expect(await reverse(spent, 'r1', { case: 'quantity', value: 1 })).toMatchObject({
      redemption: { state: Redemption_State.CAPTURED, points: 30n, reversedPoints: 10n },
      balance: { available: 30n, lifetimeRedeemed: 20n },
    });
    const tooMany = reverse(spent, 'r2', { case: 'quantity', value: 3 });
    expect(await refusalOf(tooMany)).toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [{ field: 'quantity' }],
    });
    expect(await reverse(spent, 'r3')).toMatchObject({
      redemption: { state: Redemption_State.REVERSED, reversedPoints: 30n },
      balance: { available: 50n, lifetimeRedeemed: 0n },
    });
  });

  test('a part of a conversion is counted in points', async () => {
    const member = await memberWith(500);
    const spent = await spend(member, { rewardId: 'cash', points: 300n });
    expect(await reverse(spent, 'r1', { case: 'points', value: 100n })).toMatchObject({
      redemption: { state: Redemption_State.CAPTURED, reversedPoints: 100n },
      balance: { available: 300n },
    });
    const units = reverse(spent, 'r2', { case: 'quantity', value: 1 });
    expect(await refusalOf(units)).toMatchObject({ reason: 'VALIDATION_FAILED' });
  });

  test('with a key of other content is refused', async () => {
    const member = await memberWith(50);
    const spent = await spend(member, { quantity: 3 });
    await reverse(spent, 'r1', { case: 'quantity', value: 1 });
    const other = reverse(spent, 'r1', { case: 'quantity', value: 2 });
    expect(await refusalOf(other)).toMatchObject({
      code: 6,
      reason: 'IDEMPOTENCY_KEY_REUSED',
    });
    // The keys of redeeming are a matter of their own.
    await reverse(spent, 'spend', { case: 'quantity', value: 1 });
    expect(await balanceOf(member)).toMatchObject({ available: 40n });
  });

  test('forty times at once gives back once', async () => {
    const member = await memberWith(25);
    const spent = await spend(member);
    const answers = await Promise.all(Array.from({ length: 40 }, () => reverse(spent, 'r1')));
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await balanceOf(member)).toMatchObject({ available: 25n });
  });

  test('what was never spent is refused', async () => {
    const member = await memberWith(5);
    const refusal = await refusalOf(spend(member));
    const redemptionId = refusal.metadata['redemptionId'] ?? '';
    expect(await refusalOf(reverse({ ...member, redemptionId }, 'r1'))).toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
      metadata: { from: 'REJECTED', to: 'REVERSED' },
    });
  });

  test('everything gives back stock and the member’s limit; a part doesn’t', async () => {
    const memberLimit = { count: 2, period: MemberLimit_Period.DAY };
    const limited = fixed('glass', 10n, { stock: { limit: 2n }, memberLimit });
    const member = await memberWith(100, { rewards: [limited] });
    const spent = await spend(member, { quantity: 2 });
    await reverse(spent, 'r1', { case: 'quantity', value: 1 });
    expect(await refusalOf(spend(member, { idempotencyKey: 'second' }))).toMatchObject({
      reason: 'OUT_OF_STOCK',
    });
    await reverse(spent, 'r2');
    await spend(member, { idempotencyKey: 'third', quantity: 2 });
  });

  test('pays what the member owes first', async () => {
    const member = await memberWith(10);
    const spent = await spend(member);
    const { transactionId = '' } =
      (await setting.clients.ledger.listEarns(member, checkout)).earns[0] ?? {};
    const { programId } = member;
    const amount = { currencyCode: 'USD', minorUnits: 400n };
    await setting.clients.ledger.reverseEarn(
      { programId, transactionId, refundId: 'r', extent: { case: 'amount', value: amount } },
      checkout,
    );
    expect(await balanceOf(member)).toMatchObject({ available: 0n, deficit: 4n });
    expect((await reverse(spent, 'r1')).balance).toMatchObject({ available: 6n, deficit: 0n });
  });
});

describe('points that have expired since they were spent', () => {
  test('come back and are gone at once', async () => {
    const member = await memberWith(10, { ruleSet: { expiry } });
    const spent = await spend(member);
    setting.letPass(4 * dayMs);
    expect((await reverse(spent, 'r1')).balance).toMatchObject({
      available: 0n,
      lifetimeExpired: 10n,
      lifetimeRedeemed: 0n,
    });
    const { entries } = await setting.clients.ledger.listEntries(member, admin);
    expect(entries.map(({ kind }) => kind).slice(0, 2)).toEqual([
      Entry_Kind.EXPIRE,
      Entry_Kind.RETURN,
    ]);
  });

  test('live until the end of the program’s grace, and get no second one', async () => {
    const ruleSet = { expiry, refund: { restoreGraceDays: 3 }, timeZone: 'UTC' };
    const member = await memberWith(10, { ruleSet });
    const spent = await spend(member);
    setting.letPass(4 * dayMs);
    const reversedMs = setting.now();
    const { balance } = await reverse(spent, 'r1');
    const endMs = Math.floor(reversedMs / dayMs + 4) * dayMs;
    expect(balance).toMatchObject({ available: 10n, nextExpiry: { points: 10n } });
    expect(balance?.nextExpiry?.time && timestampMs(balance.nextExpiry.time)).toBe(endMs);

    setting.letPass(2 * dayMs);
    const again = await spend(member, { idempotencyKey: 'again' });
    const second = await reverse(again, 'r2');
    const time = second.balance?.nextExpiry?.time;
    expect(time && timestampMs(time)).toBe(endMs);
    setting.letPass(endMs - setting.now());
    expect(await balanceOf(member)).toMatchObject({ available: 0n, lifetimeExpired: 10n });
  });

  test('keep their own date where that is later', async () => {
    const later = {
      policy: { case: 'after', value: { period: { case: 'days', value: 30 } } },
    } as const;
    const ruleSet = { expiry: later, refund: { restoreGraceDays: 3 } };
    const member = await memberWith(10, { ruleSet });
    const before = (await balanceOf(member))?.nextExpiry;
    const { balance } = await reverse(await spend(member), 'r1');
    expect(balance?.nextExpiry).toEqual(before);
  });
});
