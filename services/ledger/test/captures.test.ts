import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { Redemption_State } from '@loyalty/proto/loyalty/ledger/v1/redemption_pb.ts';
import { RedeemRequest_Capture } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { conversion, createCustomMember, fixed } from './custom-program.ts';
import { holdsOf } from './hold-requests.ts';
import { type MovingSetting, startMovingSetting } from './moving-clock.ts';
import { admin, checkout, refusalOf } from './running-ledger.ts';

let setting: MovingSetting;
beforeAll(async () => {
  setting = await startMovingSetting();
});
afterAll(() => setting.stop());

const { hold, balanceOf, stateOf, kindsOf } = holdsOf(() => setting);
const rewards = [fixed('glass', 10n), conversion('cash')];

describe('capturing', () => {
  test('a part of the units spends that part and gives back the rest', async () => {
    const member = await createCustomMember(setting, { dollars: 50, rewards });
    const held = await hold(member, { quantity: 3 });
    const part = { case: 'quantity', value: 2 } as const;
    const captured = await setting.clients.redemptions.captureRedemption(
      { ...held, part },
      checkout,
    );
    expect(captured).toMatchObject({
      redemption: { points: 20n, quantity: 2, state: Redemption_State.CAPTURED },
      balance: { available: 30n, reserved: 0n, lifetimeRedeemed: 20n },
    });
    expect((await kindsOf(member)).slice(2)).toEqual([
      Entry_Kind.RESERVE,
      Entry_Kind.CAPTURE,
      Entry_Kind.RELEASE,
    ]);
  });

  test('a part of converted points spends those, at the rate of the whole', async () => {
    const member = await createCustomMember(setting, { dollars: 500, rewards });
    const held = await hold(member, { rewardId: 'cash', points: 300n });
    const part = { case: 'points', value: 120n } as const;
    const captured = await setting.clients.redemptions.captureRedemption(
      { ...held, part },
      checkout,
    );
    expect(captured).toMatchObject({
      redemption: { points: 120n, value: { currencyCode: 'USD', minorUnits: 120n } },
      balance: { available: 380n, reserved: 0n },
    });
  });

  test('a part of a conversion is worth exactly its points, whatever the reward is by then', async () => {
    const member = await createCustomMember(setting, {
      dollars: 500,
      rewards: [conversion('cash', 300n)],
    });
    const { programId } = member;
    const held = await hold(member, { rewardId: 'cash', points: 500n });
    const { redemptions, rewards } = setting.clients;
    const asked = await redemptions.getRedemption(held, checkout);
    expect(asked.redemption?.value).toMatchObject({ minorUnits: 166n });
    const dearer = { reward: conversion('cash', 700n), updateMask: { paths: ['conversion'] } };
    await rewards.updateReward({ programId, rewardId: 'cash', ...dearer }, admin);
    const part = { case: 'points', value: 300n } as const;
    const captured = await redemptions.captureRedemption({ ...held, part }, checkout);
    expect(captured.redemption).toMatchObject({
      points: 300n,
      value: { currencyCode: 'USD', minorUnits: 100n },
    });
  });

  test('again with the same part answers the same, with another is refused', async () => {
    const member = await createCustomMember(setting, { dollars: 50, rewards });
    const held = await hold(member, { quantity: 3 });
    const { redemptions } = setting.clients;
    const part = { case: 'quantity', value: 2 } as const;
    const first = await redemptions.captureRedemption({ ...held, part }, checkout);
    const again = await redemptions.captureRedemption({ ...held, part }, admin);
    expect(again).toEqual({ ...first, replayed: true });
    for (const other of [{ case: undefined }, { case: 'quantity', value: 1 } as const]) {
      const refused = redemptions.captureRedemption({ ...held, part: other }, checkout);
      expect(await refusalOf(refused)).toMatchObject({
        code: 9,
        reason: 'ILLEGAL_TRANSITION',
        metadata: { from: 'CAPTURED', to: 'CAPTURED' },
      });
    }
  });

  test('everything, by its units or points, answers the same as capturing it unnamed', async () => {
    const member = await createCustomMember(setting, { dollars: 300, rewards });
    const { redemptions } = setting.clients;
    for (const [asked, part] of [
      [{ quantity: 3 }, { case: 'quantity', value: 3 } as const],
      [{ rewardId: 'cash', points: 200n }, { case: 'points', value: 200n } as const],
    ] as const) {
      const held = await hold(member, { ...asked, idempotencyKey: part.case });
      const first = await redemptions.captureRedemption(held, checkout);
      const again = await redemptions.captureRedemption({ ...held, part }, checkout);
      expect(again).toEqual({ ...first, replayed: true });
    }
  });

  test('again answers the same once it was given back, as it is now', async () => {
    const member = await createCustomMember(setting, { dollars: 50, rewards });
    const held = await hold(member);
    const { redemptions } = setting.clients;
    await redemptions.captureRedemption(held, checkout);
    await redemptions.reverseRedemption({ ...held, idempotencyKey: 'r' }, checkout);
    expect(await redemptions.captureRedemption(held, checkout)).toMatchObject({
      replayed: true,
      redemption: { state: Redemption_State.REVERSED },
    });
  });

  test('what was spent at once is refused, whatever part is named', async () => {
    const member = await createCustomMember(setting, { dollars: 50, rewards });
    const { redemptions } = setting.clients;
    const spent = await hold(member, { capture: RedeemRequest_Capture.IMMEDIATE });
    for (const [from, part] of [
      ['CAPTURED', { case: undefined }],
      ['CAPTURED', { case: 'quantity', value: 1 }],
      ['REVERSED', { case: undefined }],
    ] as const) {
      if (from === 'REVERSED') {
        await redemptions.reverseRedemption({ ...spent, idempotencyKey: 'r' }, checkout);
      }
      const capture = redemptions.captureRedemption({ ...spent, part }, checkout);
      expect(await refusalOf(capture)).toMatchObject({
        code: 9,
        reason: 'ILLEGAL_TRANSITION',
        metadata: { from, to: 'CAPTURED' },
      });
    }
  });

  test.each([
    ['more units than are held', 'glass', { case: 'quantity', value: 3 }],
    ['points of a fixed price', 'glass', { case: 'points', value: 10n }],
    ['more points than are held', 'cash', { case: 'points', value: 201n }],
    ['units of a conversion', 'cash', { case: 'quantity', value: 1 }],
    ['no units', 'glass', { case: 'quantity', value: 0 }],
  ] as const)('%s is refused', async (_, rewardId, part) => {
    const member = await createCustomMember(setting, { dollars: 300, rewards });
    const asked = rewardId === 'cash' ? { rewardId, points: 200n } : { rewardId, quantity: 2 };
    const held = await hold(member, asked);
    const refused = setting.clients.redemptions.captureRedemption({ ...held, part }, checkout);
    expect(await refusalOf(refused)).toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [{ field: part.case }],
    });
    expect(await stateOf(held)).toBe(Redemption_State.RESERVED);
  });

  test('and cancelling at the same time, many times, does one of the two once', async () => {
    const member = await createCustomMember(setting, { dollars: 25, rewards });
    const held = await hold(member);
    const { redemptions } = setting.clients;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, async (_, index) =>
        index % 2 === 0
          ? await redemptions.captureRedemption(held, checkout)
          : await redemptions.cancelRedemption(held, checkout),
      ),
    );
    const done = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(done).toHaveLength(20);
    expect(done.filter(({ replayed }) => !replayed)).toHaveLength(1);
    const state = await stateOf(held);
    expect([Redemption_State.CAPTURED, Redemption_State.CANCELLED]).toContain(state);
    const available = state === Redemption_State.CAPTURED ? 15n : 25n;
    expect(await balanceOf(member)).toMatchObject({ available, reserved: 0n });
  });
});
