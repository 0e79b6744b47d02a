import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import { Earn_State, Refund_State } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { RedeemRequest_Capture } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import {
  Cap_Period,
  RefundPolicy_Shortfall,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { createCustomMember, fixed, proportional } from './custom-program.ts';
import { dayMs, type MovingSetting, startMovingSetting } from './moving-clock.ts';
import { amount, type Extent, full, items, type Member, reportsTo, usd } from './refund-reports.ts';
import { admin, checkout, refusalOf, tokenOf } from './running-ledger.ts';

let setting: MovingSetting;
beforeAll(async () => {
  setting = await startMovingSetting();
});
afterAll(() => setting.stop());

const { purchaseNow, earn, refund } = reportsTo(() => setting);

async function balanceOf(member: Member) {
  return (await setting.clients.ledger.getBalance(member, checkout)).balance;
}

describe('a refund', () => {
  test('in full takes back what the purchase gave, and is shown with it', async () => {
    const member = await createCustomMember(setting);
    const posted = await earn(member, purchaseNow(100));
    const answer = await refund(posted, full, 'r1');
    expect(answer).toMatchObject({
      replayed: false,
      refund: { refundId: 'r1', state: Refund_State.APPLIED, points: 100n, taken: 100n },
      earn: { state: Earn_State.REVERSED, points: 100n, reversedPoints: 100n, userId: 'alice' },
      balance: { available: 0n, deficit: 0n, lifetimeEarned: 0n },
    });
    const { programId, transactionId } = posted;
    const alice = await tokenOf('member', 'alice');
    const shown = await setting.clients.ledger.getEarn({ programId, transactionId }, alice);
    expect(shown.earn?.refunds).toEqual([answer.refund]);
    const { entries } = await setting.clients.ledger.listEntries(member, checkout);
    expect(entries[0]).toMatchObject({
      kind: Entry_Kind.REFUND,
      points: -100n,
      refundId: 'r1',
      transactionId,
    });
  });

  test.each<[string, Extent]>([
    ['in full', full],
    ['by amount', amount(2_000n)],
    ['by items', items({ itemId: 'b', quantity: 1 }, { itemId: 'a', quantity: 2 })],
  ])('%s says what was given back, also before its purchase comes', async (_, extent) => {
    const member = await createCustomMember(setting);
    const { programId } = member;
    const transaction = {
      ...purchaseNow(100),
      items: ['a', 'b'].map((itemId) => ({
        itemId,
        sku: itemId,
        quantity: 2,
        amount: usd(5_000n),
      })),
    };
    const { transactionId } = transaction;
    const waiting = await refund({ programId, transactionId }, extent);
    const { refunds } = await setting.clients.ledger.listWaitingRefunds({ programId }, admin);
    await earn(member, transaction);
    const { earn: shown } = await setting.clients.ledger.getEarn(
      { programId, transactionId },
      admin,
    );
    const told = [waiting.refund, ...refunds, ...(shown?.refunds ?? [])];
    expect(told).toHaveLength(3);
    for (const each of told) expect(each).toMatchObject({ extent });
  });

  test('reported again answers the same, with other content is a conflict', async () => {
    const member = await createCustomMember(setting);
    const posted = await earn(member, purchaseNow(100));
    const first = await refund(posted, amount(2_000n), 'r1');
    expect(await refund(posted, amount(2_000n), 'r1')).toEqual({ ...first, replayed: true });
    expect(await refusalOf(refund(posted, amount(2_001n), 'r1'))).toMatchObject({
      code: 6,
      reason: 'REFUND_CONFLICT',
    });
    expect(await balanceOf(member)).toMatchObject({ available: 80n });
  });

  test('of nothing that is left takes nothing', async () => {
    const member = await createCustomMember(setting);
    const posted = await earn(member, purchaseNow(100));
    await refund(posted, full);
    expect((await refund(posted, full)).refund).toMatchObject({
      state: Refund_State.APPLIED,
      points: 0n,
    });
  });

  test('reported fifty times at once is applied once', async () => {
    const member = await createCustomMember(setting);
    const posted = await earn(member, purchaseNow(100));
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => refund(posted, amount(5_000n), 'r1')),
    );
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await balanceOf(member)).toMatchObject({ available: 50n });
  });

  test('goes on while the member, or the program, is suspended', async () => {
    const member = await createCustomMember(setting);
    const { memberships, programs } = setting.clients;
    const posted = await earn(member, purchaseNow(100));
    await memberships.suspendMembership(member, admin);
    await refund(posted, amount(5_000n));
    await programs.suspendProgram({ programId: member.programId }, admin);
    await eventually(async () => {
      const refusal = await refusalOf(earn(member, purchaseNow(0)));
      expect(refusal.reason).toBe('PROGRAM_NOT_ACTIVE');
    });
    expect((await refund(posted, full)).balance).toMatchObject({ available: 0n });
  });
});

describe('partial refunds end where the full one does,', () => {
  const wine = { itemId: '1', sku: 'wine', quantity: 3, amount: usd(7_000n) };
  const bread = { itemId: '2', sku: 'bread', quantity: 2, amount: usd(2_999n) };

  test.each<[string, Extent[]]>([
    ['by amount', [amount(3_333n), amount(3_333n), amount(3_334n)]],
    ['by cents', [amount(1n), amount(9_999n)]],
    ['by items', [items({ itemId: '1', quantity: 2 }), items({ itemId: '2', quantity: 2 }), full]],
    ['mixed', [items({ itemId: '1', quantity: 1 }), amount(1_000n), full]],
  ])('%s', async (_, extents) => {
    const perItem = { case: 'perItem', value: { points: 7n } } as const;
    const earnRules = [proportional(100n), { ruleId: 'units', award: perItem }];
    const member = await createCustomMember(setting, { ruleSet: { earnRules } });
    const posted = await earn(member, { ...purchaseNow(100), items: [wine, bread] });
    expect(posted.answer.earn?.points).toBe(135n);
    let taken = 0n;
    for (const extent of extents) taken += (await refund(posted, extent)).refund?.points ?? 0n;
    expect(taken).toBe(135n);
    expect(await balanceOf(member)).toMatchObject({ available: 0n, lifetimeEarned: 0n });
  });

  test('each rounding as the purchase itself does', async () => {
    const member = await createCustomMember(setting);
    const posted = await earn(member, purchaseNow(100));
    expect((await refund(posted, amount(3_333n))).refund?.points).toBe(34n);
    expect((await refund(posted, amount(67n))).refund?.points).toBe(0n);
    expect(await balanceOf(member)).toMatchObject({ available: 66n });
  });

  test('and takes no more than the purchase had', async () => {
    const member = await createCustomMember(setting);
    const posted = await earn(member, { ...purchaseNow(100), items: [wine] });
    await refund(posted, amount(6_000n));
    for (const [extent, reason] of [
      [amount(4_001n), 'REFUND_EXCEEDS_TRANSACTION'],
      [items({ itemId: '1', quantity: 4 }), 'REFUND_EXCEEDS_TRANSACTION'],
      [items({ itemId: 'x', quantity: 1 }), 'REFUND_EXCEEDS_TRANSACTION'],
      [items({ itemId: '1', quantity: 1 }, { itemId: '1', quantity: 1 }), 'VALIDATION_FAILED'],
      [{ case: 'amount', value: { currencyCode: 'EUR', minorUnits: 1n } }, 'VALIDATION_FAILED'],
      [{ case: undefined }, 'VALIDATION_FAILED'],
    ] as const) {
      expect(await refusalOf(refund(posted, extent as Extent))).toMatchObject({ reason });
    }
    expect(await balanceOf(member)).toMatchObject({ available: 40n });
  });
});

describe('points of a refunded purchase that the member no longer has', () => {
  const rewards = [fixed('dinner', 80n)];
  const redeem = (member: Member, capture?: RedeemRequest_Capture) =>
    setting.clients.redemptions.redeem(
      { ...member, rewardId: 'dinner', idempotencyKey: randomUUID(), ...(capture && { capture }) },
      checkout,
    );

  test('are owed, and paid by the next ones', async () => {
    const member = await createCustomMember(setting, { rewards });
    const posted = await earn(member, purchaseNow(100));
    await redeem(member);
    const answer = await refund(posted, full);
    expect(answer).toMatchObject({
      refund: { points: 100n, taken: 20n, lapsed: 0n, owed: 80n, forgiven: 0n },
      balance: { available: 0n, deficit: 80n },
    });
    const next = await earn(member, purchaseNow(100));
    expect(next.answer.balance).toMatchObject({ available: 20n, deficit: 0n });
  });

  test('are forgiven where the program says so', async () => {
    const ruleSet = { refund: { shortfall: RefundPolicy_Shortfall.FORGIVE } };
    const member = await createCustomMember(setting, { rewards, ruleSet });
    const posted = await earn(member, purchaseNow(100));
    await redeem(member);
    expect(await refund(posted, full)).toMatchObject({
      refund: { points: 100n, taken: 20n, owed: 0n, forgiven: 80n },
      balance: { available: 0n, deficit: 0n, lifetimeEarned: 0n },
    });
  });

  test('are never taken from a hold, which pays them when it is cancelled', async () => {
    const member = await createCustomMember(setting, { rewards });
    const posted = await earn(member, purchaseNow(100));
    const { redemption } = await redeem(member, RedeemRequest_Capture.HOLD);
    expect(await refund(posted, full)).toMatchObject({
      refund: { taken: 20n, owed: 80n },
      balance: { available: 0n, reserved: 80n, deficit: 80n },
    });
    const redemptionId = redemption?.redemptionId ?? '';
    const { balance } = await setting.clients.redemptions.cancelRedemption(
      { ...member, redemptionId },
      checkout,
    );
    expect(balance).toMatchObject({ available: 0n, reserved: 0n, deficit: 0n });
  });

  test('because they expired cost nothing', async () => {
    const expiry = {
      policy: { case: 'after', value: { period: { case: 'days', value: 2 } } },
    } as const;
    const member = await createCustomMember(setting, { ruleSet: { expiry } });
    const posted = await earn(member, purchaseNow(100));
    setting.letPass(4 * dayMs);
    const later = await earn(member, purchaseNow(30));
    expect(await refund(posted, full)).toMatchObject({
      refund: { points: 100n, taken: 0n, lapsed: 100n, owed: 0n },
      balance: { available: 30n, deficit: 0n, lifetimeExpired: 100n },
    });
    expect(await refund(later, full)).toMatchObject({ refund: { taken: 30n, lapsed: 0n } });
  });
});

test('a refund takes pending points before they mature', async () => {
  const maturation = { policy: { case: 'after', value: { days: 14 } } } as const;
  const member = await createCustomMember(setting, { ruleSet: { maturation } });
  const posted = await earn(member, purchaseNow(100));
  expect(await refund(posted, amount(4_000n))).toMatchObject({
    refund: { taken: 40n, owed: 0n },
    balance: { pending: 60n, available: 0n },
  });
  setting.letPass(15 * dayMs);
  expect(await balanceOf(member)).toMatchObject({ pending: 0n, available: 60n });
});

test('a refund frees what its purchase used of a cap, for later purchases', async () => {
  const cap = { points: 50n, period: Cap_Period.LIFETIME };
  const earnRules = [proportional(100n, { cap })];
  const member = await createCustomMember(setting, { ruleSet: { earnRules } });
  const first = await earn(member, purchaseNow(40));
  const second = await earn(member, purchaseNow(40));
  expect(second.answer.earn?.points).toBe(10n);
  await refund(first, full);
  const third = await earn(member, purchaseNow(100));
  expect(third.answer.earn?.points).toBe(40n);
});

test('of an unknown program there is nothing to refund', async () => {
  const programId = 'no-such-program';
  const { ledger } = setting.clients;
  for (const call of [
    refund({ programId, transactionId: 'order' }, full),
    ledger.listWaitingRefunds({ programId }, checkout),
  ]) {
    expect(await refusalOf(call)).toMatchObject({ code: 5, reason: 'PROGRAM_NOT_FOUND' });
  }
});

test('members refund nothing', async () => {
  const { programId } = await createCustomMember(setting);
  const alice = await tokenOf('member', 'alice');
  const name = { programId, transactionId: 'order', refundId: 'r' };
  const { ledger } = setting.clients;
  for (const call of [
    ledger.reverseEarn({ ...name, extent: full }, alice),
    ledger.cancelRefund(name, alice),
    ledger.listWaitingRefunds({ programId }, alice),
  ]) {
    expect(await refusalOf(call)).toMatchObject({ reason: 'PERMISSION_DENIED' });
  }
});
