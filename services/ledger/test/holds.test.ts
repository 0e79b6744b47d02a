import { timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { Redemption_State } from '@loyalty/proto/loyalty/ledger/v1/redemption_pb.ts';
import { RedeemRequest_Capture } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { MemberLimit_Period } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import pg from 'pg';
import { conversion, createCustomMember, fixed } from './custom-program.ts';
import { holdsOf } from './hold-requests.ts';
import { dayMs, type MovingSetting, secondMs, startMovingSetting } from './moving-clock.ts';
import {
  admin,
  checkout,
  purchase,
  refusalOf,
  secondsAndNanos,
  tokenOf,
} from './running-ledger.ts';

let setting: MovingSetting;
beforeAll(async () => {
  setting = await startMovingSetting();
});
afterAll(() => setting.stop());

const alice = await tokenOf('member', 'alice');
const rewards = [fixed('glass', 10n), conversion('cash')];
const { HOLD } = RedeemRequest_Capture;

const { hold, balanceOf, stateOf, kindsOf } = holdsOf(() => setting);

describe('a hold', () => {
  test('keeps points for its redemption, which are spent when it is captured', async () => {
    const member = await createCustomMember(setting, { dollars: 25, rewards });
    const held = await hold(member);
    expect(await balanceOf(member)).toMatchObject({
      available: 15n,
      reserved: 10n,
      lifetimeRedeemed: 0n,
    });
    expect(await stateOf(held)).toBe(Redemption_State.RESERVED);

    const captured = await setting.clients.redemptions.captureRedemption(held, checkout);
    expect(captured).toMatchObject({
      replayed: false,
      redemption: { state: Redemption_State.CAPTURED, points: 10n, quantity: 1 },
      balance: { available: 15n, reserved: 0n, lifetimeRedeemed: 10n },
    });
    expect(await kindsOf(member)).toEqual([
      Entry_Kind.JOINED,
      Entry_Kind.EARN,
      Entry_Kind.RESERVE,
      Entry_Kind.CAPTURE,
    ]);
  });

  test('lasts fifteen minutes, or as long as a backend asks for', async () => {
    const member = await createCustomMember(setting, { dollars: 25, rewards });
    const { redemptions } = setting.clients;
    for (const [holdSeconds, seconds] of [
      [undefined, 900],
      [2_592_000, 2_592_000],
    ] as const) {
      const held = await hold(member, { idempotencyKey: `for-${holdSeconds}`, holdSeconds });
      const { redemption } = await redemptions.getRedemption(held, alice);
      const { createTime, holdExpireTime } = redemption ?? {};
      expect(
        holdExpireTime && createTime && timestampMs(holdExpireTime) - timestampMs(createTime),
      ).toBe(seconds * secondMs);
    }
    for (const [request, caller] of [
      [{ holdSeconds: 901 }, alice],
      [{ holdSeconds: 2_592_001 }, checkout],
      [{ holdSeconds: -1 }, checkout],
      [{ holdSeconds: 0 }, checkout],
      [{ holdSeconds: 60, capture: RedeemRequest_Capture.IMMEDIATE }, checkout],
    ] as const) {
      const refused = hold(member, { ...request, idempotencyKey: 'refused' }, caller);
      expect(await refusalOf(refused)).toMatchObject({
        reason: 'VALIDATION_FAILED',
        violations: [{ field: 'hold_seconds' }],
      });
    }
  });

  test('made again with its key is the same one, as it is now', async () => {
    const member = await createCustomMember(setting, { dollars: 25, rewards });
    const held = await hold(member);
    await setting.clients.redemptions.captureRedemption(held, checkout);
    const glass = { ...member, rewardId: 'glass', idempotencyKey: 'key', capture: HOLD };
    for (const same of [{}, { holdSeconds: 900 }, { quantity: 1, expectedPoints: 10n }]) {
      const again = await setting.clients.redemptions.redeem({ ...glass, ...same }, checkout);
      expect(again).toMatchObject({
        replayed: true,
        redemption: { redemptionId: held.redemptionId, state: Redemption_State.CAPTURED },
      });
    }
    const longer = setting.clients.redemptions.redeem({ ...glass, holdSeconds: 901 }, checkout);
    expect(await refusalOf(longer)).toMatchObject({ reason: 'IDEMPOTENCY_KEY_REUSED' });
  });
});

describe('cancelling', () => {
  test('gives the points back, and repeated answers the same', async () => {
    const member = await createCustomMember(setting, { dollars: 25, rewards });
    const held = await hold(member);
    const { redemptions } = setting.clients;
    const first = await redemptions.cancelRedemption(held, checkout);
    expect(first).toMatchObject({
      replayed: false,
      redemption: { state: Redemption_State.CANCELLED, points: 10n },
      balance: { available: 25n, reserved: 0n, lifetimeRedeemed: 0n },
    });
    expect(await redemptions.cancelRedemption(held, admin)).toEqual({ ...first, replayed: true });
    const capture = redemptions.captureRedemption(held, checkout);
    expect(await refusalOf(capture)).toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
      metadata: { from: 'CANCELLED', to: 'CAPTURED' },
    });
  });

  test('is for members too, but only of holds that they made', async () => {
    const member = await createCustomMember(setting, { dollars: 25, rewards });
    const own = await hold(member, { idempotencyKey: 'own' }, alice);
    const backends = await hold(member, { idempotencyKey: 'backend’s' }, checkout);
    const { redemptions } = setting.clients;
    expect(await refusalOf(redemptions.cancelRedemption(backends, alice))).toMatchObject({
      code: 7,
      reason: 'PERMISSION_DENIED',
    });
    await redemptions.cancelRedemption(own, alice);
    expect([await stateOf(own), await stateOf(backends)]).toEqual([
      Redemption_State.CANCELLED,
      Redemption_State.RESERVED,
    ]);
    for (const call of [
      redemptions.captureRedemption(backends, alice),
      redemptions.reverseRedemption({ ...backends, idempotencyKey: 'k' }, alice),
      redemptions.cancelRedemption(own, await tokenOf('member', 'bob')),
    ]) {
      expect(await refusalOf(call)).toMatchObject({ reason: 'PERMISSION_DENIED' });
    }
  });

  test('what was spent at once is refused', async () => {
    const member = await createCustomMember(setting, { dollars: 25, rewards });
    const spent = await hold(member, { capture: RedeemRequest_Capture.IMMEDIATE });
    const cancel = setting.clients.redemptions.cancelRedemption(spent, checkout);
    expect(await refusalOf(cancel)).toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
      metadata: { from: 'CAPTURED', to: 'CANCELLED' },
    });
  });
});

describe('a hold that nobody captures in time', () => {
  test('is EXPIRED from then on for every caller, written or not', async () => {
    const member = await createCustomMember(setting, { dollars: 25, rewards });
    const held = await hold(member, { holdSeconds: 60 });
    const { redemptions } = setting.clients;
    const database = new pg.Client(setting.databaseUrl);
    await database.connect();
    try {
      // Nobody else can write to the membership now, no job either.
      await database.query('BEGIN');
      await database.query('SELECT 1 FROM memberships FOR UPDATE');
      setting.letPass(60 * secondMs);
      expect(await stateOf(held)).toBe(Redemption_State.EXPIRED);
      const list = await redemptions.listRedemptions(member, alice);
      expect(list.redemptions).toMatchObject([{ state: Redemption_State.EXPIRED }]);
      expect(await balanceOf(member)).toMatchObject({ available: 25n, reserved: 0n });
      const { rows } = await database.query(
        'SELECT state FROM redemptions WHERE redemption_id=$1',
        [held.redemptionId],
      );
      expect(rows).toEqual([{ state: 'RESERVED' }]);
    } finally {
      await database.end();
    }
    expect(await refusalOf(redemptions.captureRedemption(held, checkout))).toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
      metadata: { from: 'EXPIRED', to: 'CAPTURED' },
    });
    expect((await kindsOf(member)).at(-1)).toBe(Entry_Kind.RELEASE);
  });

  test('gives back what it took of stock and of the member’s limit', async () => {
    const limited = fixed('glass', 10n, {
      stock: { limit: 1n },
      memberLimit: { count: 1, period: MemberLimit_Period.LIFETIME },
    });
    const member = await createCustomMember(setting, { dollars: 50, rewards: [limited] });
    await hold(member, { holdSeconds: 60 });
    expect(await refusalOf(hold(member, { idempotencyKey: 'second' }))).toMatchObject({
      reason: 'OUT_OF_STOCK',
    });
    setting.letPass(60 * secondMs);
    const third = await hold(member, { idempotencyKey: 'third' });
    await setting.clients.redemptions.cancelRedemption(third, checkout);
    const fourth = await hold(member, { idempotencyKey: 'fourth' });
    await setting.clients.redemptions.captureRedemption(fourth, checkout);
    expect(await refusalOf(hold(member, { idempotencyKey: 'fifth' }))).toMatchObject({
      reason: 'OUT_OF_STOCK',
    });
  });
});

describe('points that expire while they are held', () => {
  const expiry = {
    policy: { case: 'after', value: { period: { case: 'days', value: 2 } } },
  } as const;

  test('can be spent, and are gone at once when they are given back', async () => {
    const member = await createCustomMember(setting, { rewards, ruleSet: { expiry } });
    const { ledger, redemptions } = setting.clients;
    const occurTime = secondsAndNanos(setting.now());
    await ledger.earn({ ...member, transaction: purchase(2_000, { occurTime }) }, checkout);
    const holdSeconds = 2_592_000;
    const spent = await hold(member, { idempotencyKey: 'spent', holdSeconds });
    const released = await hold(member, { idempotencyKey: 'released', holdSeconds });
    setting.letPass(4 * dayMs);
    expect(await balanceOf(member)).toMatchObject({ reserved: 20n, lifetimeExpired: 0n });

    await redemptions.captureRedemption(spent, checkout);
    const { balance } = await redemptions.cancelRedemption(released, checkout);
    expect(balance).toMatchObject({
      available: 0n,
      reserved: 0n,
      lifetimeRedeemed: 10n,
      lifetimeExpired: 10n,
    });
    expect((await kindsOf(member)).slice(-2)).toEqual([Entry_Kind.RELEASE, Entry_Kind.EXPIRE]);
  });

  test('get no grace when a hold is cancelled, times out or is captured in part', async () => {
    const ruleSet = { expiry, refund: { restoreGraceDays: 30 } };
    const member = await createCustomMember(setting, { rewards, ruleSet });
    const { ledger, redemptions } = setting.clients;
    const occurTime = secondsAndNanos(setting.now());
    await ledger.earn({ ...member, transaction: purchase(4_000, { occurTime }) }, checkout);
    const heldFor = (days: number, quantity: number) =>
      hold(member, {
        ...{ idempotencyKey: `${days} ${quantity}`, quantity },
        holdSeconds: (days * dayMs) / secondMs,
      });
    const cancelled = await heldFor(10, 1);
    const captured = await heldFor(10, 2);
    await heldFor(5, 1);
    setting.letPass(4 * dayMs);
    await redemptions.cancelRedemption(cancelled, checkout);
    const part = { case: 'quantity', value: 1 } as const;
    await redemptions.captureRedemption({ ...captured, part }, checkout);
    expect(await balanceOf(member)).toMatchObject({ reserved: 10n, lifetimeExpired: 20n });
    setting.letPass(dayMs);
    expect(await balanceOf(member)).toMatchObject({
      available: 0n,
      reserved: 0n,
      lifetimeExpired: 30n,
    });
  });
});

test('what isn’t there is not found', async () => {
  const member = await createCustomMember(setting, { rewards });
  const { redemptions } = setting.clients;
  const missing = { ...member, redemptionId: 'no-such-one', idempotencyKey: 'key' };
  for (const call of [
    redemptions.captureRedemption(missing, checkout),
    redemptions.cancelRedemption(missing, checkout),
    redemptions.reverseRedemption(missing, checkout),
  ]) {
    expect(await refusalOf(call)).toMatchObject({ code: 5, reason: 'REDEMPTION_NOT_FOUND' });
  }
  const nobodys = redemptions.captureRedemption({ ...missing, userId: 'nobody' }, checkout);
  expect(await refusalOf(nobodys)).toMatchObject({ reason: 'MEMBERSHIP_NOT_FOUND' });
});
