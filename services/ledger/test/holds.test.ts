import { timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { Redemption_State } from '@loyalty/proto/loyalty/ledger/v1/redemption_pb.ts';
import { RedeemRequest_Capture } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { MemberLimit_Period } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import pg from 'pg';
import { conversion, createCustomMember, fixed } from './custom-program.ts';
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

type Member = { programId: string; userId: string };
type Request = Parameters<MovingSetting['clients']['redemptions']['redeem']>[0];

/** Redeems a glass, held; answers the names that its RPCs ask for. */
async function hold(member: Member, changes: Request = {}, caller = checkout) {
  const { redemption } = await setting.clients.redemptions.redeem(
    { ...member, rewardId: 'glass', idempotencyKey: 'key', capture: HOLD, ...changes },
    caller,
  );
  return { ...member, redemptionId: redemption?.redemptionId ?? '' };
}

async function balanceOf(member: Member) {
  return (await setting.clients.ledger.getBalance(member, checkout)).balance;
}

async function stateOf(held: Member & { redemptionId: string }) {
  const { redemption } = await setting.clients.redemptions.getRedemption(held, checkout);
  return redemption?.state;
}

async function kindsOf(member: Member): Promise<Entry_Kind[]> {
  const { entries } = await setting.clients.ledger.listEntries(member, checkout);
  return entries.map(({ kind }) => kind).toReversed();
}

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
      [0, 900],
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
    const again = await setting.clients.redemptions.redeem(
      { ...member, rewardId: 'glass', idempotencyKey: 'key', capture: HOLD },
      checkout,
    );
    expect(again).toMatchObject({
      replayed: true,
      redemption: { redemptionId: held.redemptionId, state: Redemption_State.CAPTURED },
    });
  });
});

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
  test('is EXPIRED from then on for whoever asks, written or not', async () => {
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
